// SPDX-License-Identifier: MIT
#include "libfs/txn/quota_groups.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

} // namespace

Result<std::vector<u64>> related_groups(TreeBuffer& quota_tree, u64 group) {
    std::vector<u64> related;
    btrfs::Key from = {group, type::qgroup_relation, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto relation, quota_tree.first_from(from));
        if (!relation || relation->key.objectid != group || relation->key.type != type::qgroup_relation) {
            return related;
        }
        related.push_back(relation->key.offset);
        from = btrfs::next_key(relation->key);
    }
}

void add_quota_group(TreeBuffer& quota_tree, u64 group, u64 generation) {
    const btrfs::QgroupInfoItem info = {.generation = generation};
    const btrfs::QgroupLimitItem limit = {};
    quota_tree.put({0, type::qgroup_info, group}, as_bytes_of(info));
    quota_tree.put({0, type::qgroup_limit, group}, as_bytes_of(limit));
}

void relate_groups(TreeBuffer& quota_tree, u64 member, u64 group) {
    quota_tree.put({member, type::qgroup_relation, group}, Bytes());
    quota_tree.put({group, type::qgroup_relation, member}, Bytes());
}

Result<void> remove_quota_group(TreeBuffer& quota_tree, u64 group) {
    BTRKIT_TRY(quota_tree.erase({0, type::qgroup_info, group}));
    BTRKIT_TRY(quota_tree.erase({0, type::qgroup_limit, group}));
    BTRKIT_TRY_ASSIGN(const auto related, related_groups(quota_tree, group));
    for (const u64 other : related) {
        BTRKIT_TRY(quota_tree.erase({group, type::qgroup_relation, other}));
        BTRKIT_TRY(quota_tree.erase({other, type::qgroup_relation, group}));
    }
    return {};
}

} // namespace btrkit
