// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/lost_blocks.h"

#include "libfs/space/extent_lookup.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::repair {

using namespace survey;

namespace {

constexpr std::size_t most_blocks = 2000;
constexpr std::size_t owner_cache_bytes = std::size_t{4} << 20;

/// What was promised of them.
class PromiseCollector final : public ScanHandler {
public:
    PromiseCollector(const ChunkMap& chunks, std::set<u64> wanted) : chunks_(&chunks), wanted_(std::move(wanted)) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult>) override {
        const u64 address = step.promise.address.bytenr;
        const bool is_wanted = step.kind == ScanStep::Kind::lost || wanted_.contains(address);
        const bool is_known = step.promise.tree && step.promise.level && step.promise.generation;
        if (is_wanted && is_known && chunks_->find(step.promise.address) != nullptr && found_.size() < most_blocks &&
            seen_.insert(address).second) {
            found_.push_back(step.promise);
        }
    }

    const std::vector<Promise>& found() const { return found_; }

private:
    const ChunkMap* chunks_;
    std::set<u64> wanted_;
    std::set<u64> seen_;
    std::vector<Promise> found_;
};

void add_recorded(LostBlock& block, TreeSearch& extents, const Geometry& geometry) {
    const auto found = find_extent(extents, block.promise.address.bytenr, geometry);
    if (!found) {
        return;
    }
    const auto& refs = found->record.refs;
    block.is_full_backref = (found->record.flags & btrfs::extent_flag_full_backref) != 0;
    if (refs.size() == 1 && !refs.front().is_shared()) {
        block.owner = refs.front().root;
    }
}

} // namespace

std::vector<LostBlock> find_lost_blocks(const Filesystem& filesystem, std::set<u64> wanted, const RunContext& context) {
    Findings told_before;
    Survey survey{.filesystem = filesystem, .run = context, .findings = told_before, .references = ReferenceSums(0)};
    read_roots(survey);
    PromiseCollector collector(filesystem.volume().chunks(), std::move(wanted));
    SparseBits visited;
    const auto alone = alone_tree_roots(filesystem, survey.roots);
    const auto files = file_tree_roots(survey.roots);
    scan_blocks(survey, alone, {.thorough = false, .visited = &visited}, collector);
    scan_blocks(survey, files, {.shares = true, .thorough = false, .visited = &visited}, collector);
    std::vector<LostBlock> lost;
    for (const auto& promise : collector.found()) {
        lost.push_back({.promise = promise});
    }
    if (const auto tree = filesystem.find_tree(btrfs::extent_tree_id)) {
        BlockCache cache(filesystem.reader(), owner_cache_bytes);
        TreeSearch extents(cache, tree->block);
        for (auto& block : lost) {
            add_recorded(block, extents, filesystem.geometry());
        }
    }
    return lost;
}

} // namespace btrkit::repair
