// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/ops/usage/space/space.h"
#include "libfs/survey/read_roots.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::usage {

namespace {

constexpr std::size_t group_cache_bytes = std::size_t{16} << 20;

/// Looks chunks up one by one, as a mount does: block groups lie far apart where the extent tree has them.
class BlockGroupSearch {
public:
    BlockGroupSearch(const Filesystem& filesystem, const survey::Roots& roots)
        : cache_(filesystem.reader(), group_cache_bytes) {
        const u64 wanted =
            filesystem.geometry().has_block_group_tree() ? btrfs::block_group_tree_id : btrfs::extent_tree_id;
        for (const auto& record : roots.records) {
            if (record.id() == wanted) {
                searches_.emplace_back(cache_, record.root.block);
            }
        }
    }

    std::optional<u64> used_bytes(const Chunk& chunk) {
        const btrfs::Key first{chunk.start.bytenr, btrfs::item_type::block_group_item, 0};
        for (auto& search : searches_) {
            if (!search.seek(first).value_or(false) || search.key().objectid != first.objectid ||
                search.key().type != first.type) {
                continue;
            }
            if (const auto* item = view_at<btrfs::BlockGroupItem>(search.data())) {
                return item->used;
            }
        }
        return std::nullopt;
    }

private:
    BlockCache cache_;
    std::vector<TreeSearch> searches_; ///< with extent-tree-v2 there are several
};

} // namespace

Result<SpaceReport> read_stated_space(const Filesystem& filesystem, const RunContext& context) {
    const auto roots = survey::read_roots(filesystem, context.stop, context.problems);
    BlockGroupSearch groups(filesystem, roots);
    SpaceFacts facts;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        auto& space = facts.chunks.emplace_back();
        space.chunk = &chunk;
        space.stated_bytes = groups.used_bytes(chunk);
        facts.is_whole &= space.stated_bytes.has_value();
    }
    auto report = sum_up_chunks(filesystem, facts);
    report.overall = sum_up_all(filesystem, roots, report);
    report.is_complete = facts.is_whole && roots.complete;
    return report;
}

} // namespace btrkit::usage
