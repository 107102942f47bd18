// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/mended_view.h"

#include "libfs/ops/repair/extents/lost_file_extents.h"
#include "libfs/space/extent_lookup.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/tree/tree_search.h"

#include <set>

namespace btrkit::repair {

using namespace survey;

namespace {

/// As deep as trees are, and once for each kind of damage above.
constexpr unsigned most_rounds = 16;
/// Blocks lost without end are no single mistakes.
constexpr std::size_t most_blocks = 200;
constexpr u64 overlay_bytes = u64{64} << 20;

/// What was promised of blocks that are lost, or that findings speak of.
class PromiseCollector final : public ScanHandler {
public:
    explicit PromiseCollector(std::set<u64> wanted) : wanted_(std::move(wanted)) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult>) override {
        const bool is_wanted = step.kind == ScanStep::Kind::lost || wanted_.contains(step.promise.address.bytenr);
        if (is_wanted && found_.size() < most_blocks && seen_.insert(step.promise.address.bytenr).second) {
            found_.push_back(step.promise);
        }
    }

    const std::vector<Promise>& found() const { return found_; }

private:
    std::set<u64> wanted_;
    std::set<u64> seen_;
    std::vector<Promise> found_;
};

/// Blocks that can be read, but hold what can't be.
std::set<u64> blocks_of(const survey::Findings& findings) {
    std::set<u64> addresses;
    for (const auto& finding : findings.all()) {
        const auto& problem = finding.problem;
        const bool is_of_item = problem.code >= ProblemCode::item_size && problem.code <= ProblemCode::item_raid_stripe;
        const bool is_of_block =
            problem.code == ProblemCode::block_not_written || problem.code == ProblemCode::block_copy_items;
        if ((is_of_item || is_of_block) && problem.place.logical) {
            addresses.insert(problem.place.logical->bytenr);
        }
    }
    return addresses;
}

std::vector<Promise> promises_of(const Filesystem& filesystem, std::set<u64> wanted, const RunContext& context) {
    survey::Findings told_before;
    Survey survey{.filesystem = filesystem, .run = context, .findings = told_before, .references = ReferenceSums(0)};
    read_roots(survey);
    PromiseCollector collector(std::move(wanted));
    SparseBits visited;
    const auto alone = alone_tree_roots(filesystem, survey.roots);
    const auto files = file_tree_roots(survey.roots);
    scan_blocks(survey, alone, {.thorough = false, .visited = &visited}, collector);
    scan_blocks(survey, files, {.shares = true, .thorough = false, .visited = &visited}, collector);
    return collector.found();
}

/// Whose the block is, as its extent item says.
std::optional<u64> recorded_owner(const Filesystem& filesystem, Logical address) {
    const auto extents = filesystem.find_tree(btrfs::extent_tree_id);
    if (!extents) {
        return std::nullopt;
    }
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, extents->block);
    const auto found = find_extent(search, address.bytenr, filesystem.geometry());
    if (!found || found->record.refs.size() != 1 || found->record.refs.front().is_shared()) {
        return std::nullopt;
    }
    return found->record.refs.front().root;
}

/// The leaf with the file extent item as it must have been.
std::optional<MendedBlock> with_extent(const Filesystem& filesystem, const LostFileExtent& lost) {
    const auto tree = filesystem.find_tree(lost.tree);
    if (!tree) {
        return std::nullopt;
    }
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, tree->block);
    const auto is_there = search.find(lost.key);
    if (!is_there || !*is_there || search.data().size() != lost.body.size()) {
        return std::nullopt;
    }
    const auto& leaf = search.leaf();
    std::vector<std::byte> bytes(leaf.bytes().begin(), leaf.bytes().end());
    std::ranges::copy(lost.body, bytes.begin() + static_cast<std::ptrdiff_t>(sizeof(btrfs::TreeBlockHeader) +
                                                                             leaf.item(search.slot()).offset));
    return sealed(filesystem.geometry(), {leaf.header().bytenr}, std::move(bytes), "the address of a file's extent");
}

} // namespace

RangeSet MendedView::addresses() const {
    std::vector<Range> ranges;
    for (const auto& block : blocks_) {
        ranges.push_back(range_from(block.address.bytenr, block.bytes.size()));
    }
    return set_of(std::move(ranges));
}

Result<void> MendedView::add(MendedBlock block) {
    VolumeWriter writer(overlaid_.writable(), overlaid_.filesystem.volume().chunks());
    BTRKIT_TRY(writer.write(block.address, block.bytes));
    blocks_.push_back(std::move(block));
    return {};
}

Result<bool> MendedView::mend_lost(const survey::Findings& findings, const RunContext& context) {
    bool has_mended = false;
    const auto done = addresses();
    for (const auto& promise : promises_of(filesystem(), blocks_of(findings), context)) {
        if (done.contains(promise.address.bytenr)) {
            continue;
        }
        if (auto mended = mend_block(filesystem(), promise, recorded_owner(filesystem(), promise.address))) {
            BTRKIT_TRY(add(std::move(*mended)));
            has_mended = true;
        }
    }
    return has_mended;
}

Result<bool> MendedView::mend_extents(const survey::Findings& findings) {
    FindingList list;
    for (const auto& finding : findings.all()) {
        list.push_back(&finding);
    }
    bool has_mended = false;
    const auto lost = find_lost_file_extents(filesystem(), list);
    for (const auto& extent : lost ? *lost : std::vector<LostFileExtent>{}) {
        auto mended = extent.is_correction ? with_extent(filesystem(), extent) : std::nullopt;
        if (mended) {
            BTRKIT_TRY(add(std::move(*mended)));
            has_mended = true;
        }
    }
    return has_mended;
}

Result<std::optional<MendedView>> MendedView::find(const Filesystem& filesystem, const survey::Findings& findings,
                                                   const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto overlaid, lay_overlays(filesystem, {.memory_bytes = overlay_bytes, .spill_directory = {}}));
    MendedView view(std::move(overlaid));
    for (unsigned round = 0; round < most_rounds; ++round) {
        BTRKIT_TRY_ASSIGN(const bool has_mended, view.mend_lost(findings, context));
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        if (!has_mended) {
            break;
        }
    }
    BTRKIT_TRY(view.mend_extents(findings));
    return view.blocks_.empty() ? std::nullopt : std::optional(std::move(view));
}

} // namespace btrkit::repair
