// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/space/summed_data.h"

#include "formats/btrfs/inode.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/repair/extents/range_collector.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/tree/tree_search.h"

#include <map>

namespace btrkit::repair {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t inode_cache_bytes = std::size_t{16} << 20;

class SummedData final : public ScanHandler {
public:
    SummedData(const Filesystem& filesystem, std::span<const ScanRoot> roots)
        : roots_(roots), cache_(filesystem.reader(), inode_cache_bytes) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep& step, const LeafVisit* leaf, std::unique_ptr<LeafResult>) override {
        if (step.kind != ScanStep::Kind::leaf || !step.is_first) {
            return;
        }
        for (u32 slot = 0; slot < leaf->block.count(); ++slot) {
            const auto key = leaf->block.key(slot);
            const auto stored =
                key.type == type::extent_data ? stored_extent(leaf->block.item_data(slot)) : std::nullopt;
            if (stored && stored->is_written() && wants_sums(step.root, key.objectid)) {
                data_.add(stored->needed());
            }
        }
    }

    RangeSet finish() && { return std::move(data_).finish(); }

private:
    bool wants_sums(std::size_t root, u64 inode) {
        if (last_ != std::pair(root, inode)) {
            last_ = {root, inode};
            auto& search = searches_.try_emplace(root, cache_, roots_[root].root.block).first->second;
            const auto is_there = search.find({inode, type::inode_item, 0});
            const auto* item = is_there && *is_there ? view_at<btrfs::InodeItem>(search.data()) : nullptr;
            last_wants_ = item != nullptr && (item->flags & btrfs::inode_nodatasum) == 0;
        }
        return last_wants_;
    }

    std::span<const ScanRoot> roots_;
    BlockCache cache_;
    std::map<std::size_t, TreeSearch> searches_;
    std::optional<std::pair<std::size_t, u64>> last_;
    bool last_wants_ = false;
    RangeCollector data_;
};

} // namespace

Result<RangeSet> find_summed_data(Transaction& transaction) {
    const RunContext context = {.parallelism = transaction.workspace().parallelism};
    Findings told_before;
    Survey survey{
        .filesystem = transaction.committed(), .run = context, .findings = told_before, .references = ReferenceSums(0)};
    read_roots(survey);
    const auto roots = file_tree_roots(survey.roots);
    SparseBits visited;
    SummedData wanted(transaction.committed(), roots);
    if (!scan_blocks(survey, roots, {.shares = true, .thorough = false, .visited = &visited}, wanted)) {
        return fail(ErrorKind::damaged, "blocks of files are lost, so it is not known which data has checksums");
    }
    return std::move(wanted).finish();
}

} // namespace btrkit::repair
