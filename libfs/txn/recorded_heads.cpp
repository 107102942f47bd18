// SPDX-License-Identifier: MIT
#include "libfs/txn/recorded_heads.h"

namespace btrkit {

namespace {

/// 16 MiB of them. It is a cache: with more, all are dropped and those that are wanted come again.
constexpr std::size_t most_kept = std::size_t{1} << 18;

} // namespace

Result<ExtentHead> RecordedHeads::find(BlockCache& cache, const Promise& extent_tree, u64 bytenr,
                                       const Geometry& geometry) {
    if (const auto kept = kept_.find(bytenr); kept != kept_.end()) {
        return kept->second;
    }
    TreeSearch search(cache, extent_tree);
    BTRKIT_TRY_ASSIGN(const auto head, find_extent_head(search, bytenr, geometry));
    if (kept_.size() == most_kept) {
        kept_.clear();
    }
    kept_.emplace(bytenr, head);
    return head;
}

} // namespace btrkit
