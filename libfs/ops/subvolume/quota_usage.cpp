// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/quota_usage.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::subvolume {

namespace {

constexpr u64 cache_bytes = u64{1} << 20;

/// Nothing where there is no such item, or it is too short.
template <class Item>
Result<std::optional<Item>> find_item(TreeSearch& tree, u8 item_type, u64 group) {
    BTRKIT_TRY_ASSIGN(const bool is_there, tree.find({0, item_type, group}));
    const auto* item = is_there ? view_at<Item>(tree.data()) : nullptr;
    return item != nullptr ? std::optional(*item) : std::nullopt;
}

} // namespace

Result<std::optional<QuotaUsage>> read_quota_usage(const Filesystem& filesystem, u64 subvolume) {
    const auto root = filesystem.find_tree(btrfs::quota_tree_id);
    if (!root) {
        return root.error().kind == ErrorKind::not_found ? Result<std::optional<QuotaUsage>>(std::nullopt)
                                                         : std::unexpected(root.error());
    }
    namespace type = btrfs::item_type;
    BlockCache cache(filesystem.reader(), cache_bytes);
    TreeSearch tree(cache, root->block);
    BTRKIT_TRY_ASSIGN(const auto status, find_item<btrfs::QgroupStatusItem>(tree, type::qgroup_status, 0));
    BTRKIT_TRY_ASSIGN(const auto info, find_item<btrfs::QgroupInfoItem>(tree, type::qgroup_info, subvolume));
    BTRKIT_TRY_ASSIGN(const auto limit, find_item<btrfs::QgroupLimitItem>(tree, type::qgroup_limit, subvolume));
    if (!status || (status->flags & btrfs::qgroup_status_on) == 0 || !info) {
        return std::nullopt;
    }
    return QuotaUsage{.referenced_bytes = info->rfer,
                      .exclusive_bytes = info->excl,
                      .most_referenced_bytes = limit ? u64{limit->max_rfer} : 0,
                      .most_exclusive_bytes = limit ? u64{limit->max_excl} : 0,
                      .is_inconsistent = (status->flags & btrfs::qgroup_status_inconsistent) != 0};
}

} // namespace btrkit::subvolume
