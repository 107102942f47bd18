// SPDX-License-Identifier: MIT
#include "libfs/ops/tune/quotas.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/base/item_buffer.h"
#include "libfs/edit/new_inode.h"
#include "libfs/edit/subvolume_ids.h"
#include "libfs/txn/quota_groups.h"

namespace btrkit::tune {

namespace {

namespace type = btrfs::item_type;

/// A kernel that finds "scanning" goes on with the count that it takes to be begun. What this commit itself has
/// allocated is counted for nobody: simple quotas begin with the next one.
std::vector<std::byte> status_item(u64 generation, bool is_simple) {
    ItemBuffer item;
    item.add(btrfs::QgroupStatusItem{.version = 1,
                                     .generation = generation,
                                     .flags = btrfs::qgroup_status_on | (is_simple ? btrfs::qgroup_status_simple_mode
                                                                                   : btrfs::qgroup_status_inconsistent |
                                                                                         btrfs::qgroup_status_rescan),
                                     .rescan = 0});
    if (is_simple) {
        item.add(btrfs::QgroupStatusTail{.enable_gen = generation + 1});
    }
    return item.release();
}

Result<void> enable(Transaction& transaction, bool is_simple) {
    const u64 generation = transaction.generation();
    const auto body = status_item(generation, is_simple);
    const ItemEdit status = {.key = {0, type::qgroup_status, 0}, .body = body};
    BTRKIT_TRY(transaction.create_tree({btrfs::quota_tree_id, type::root_item, 0},
                                       new_root_item(transaction.geometry()), std::span(&status, 1)));
    BTRKIT_TRY_ASSIGN(auto* quota, transaction.tree(btrfs::quota_tree_id));
    BTRKIT_TRY_ASSIGN(const auto ids, subvolume_ids(transaction));
    for (const u64 id : ids) {
        add_quota_group(*quota, id, generation);
    }
    if (is_simple) {
        transaction.add_incompat(btrfs::incompat_simple_quota);
    }
    return {};
}

} // namespace

Result<void> set_quotas(Transaction& transaction, SetQuotas::Mode mode) {
    BTRKIT_TRY_ASSIGN(const auto* quota, transaction.tree_if_any(btrfs::quota_tree_id));
    if (mode == SetQuotas::Mode::off) {
        return quota != nullptr ? transaction.drop_tree(btrfs::quota_tree_id)
                                : fail(ErrorKind::refused, "there are no quotas");
    }
    return quota == nullptr ? enable(transaction, mode == SetQuotas::Mode::simple)
                            : fail(ErrorKind::refused, "there are quotas already; disable them first");
}

} // namespace btrkit::tune
