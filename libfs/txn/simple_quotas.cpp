// SPDX-License-Identifier: MIT
#include "libfs/txn/simple_quotas.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/txn/quota_groups.h"

#include <set>

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

/// The group and all above it, each once.
Result<std::set<u64>> with_groups_above(TreeBuffer& quota_tree, u64 group) {
    std::set<u64> groups{group};
    // Parents have greater ids than their members, so they are still to come.
    for (auto at = groups.begin(); at != groups.end(); ++at) {
        BTRKIT_TRY_ASSIGN(const auto related, related_groups(quota_tree, *at));
        groups.insert(std::ranges::upper_bound(related, *at), related.end());
    }
    return groups;
}

Result<void> change_group(TreeBuffer& quota_tree, u64 group, std::int64_t bytes, u64 generation) {
    const btrfs::Key key = {0, type::qgroup_info, group};
    BTRKIT_TRY_ASSIGN(auto item, quota_tree.find(key));
    if (!item) {
        return {}; // kernels count for nobody then
    }
    if (item->body.size() < sizeof(btrfs::QgroupInfoItem)) {
        return fail(ErrorKind::damaged, fmt::format("quota group {}: its item is too short; run btrkit-check", group));
    }
    auto* info = reinterpret_cast<btrfs::QgroupInfoItem*>(item->body.data());
    const auto less = bytes < 0 ? static_cast<u64>(-bytes) : 0;
    if (info->rfer < less || info->excl < less) {
        return fail(ErrorKind::damaged, fmt::format("quota group {}: less is recorded than is given back; run "
                                                    "btrkit-check",
                                                    group));
    }
    info->rfer = u64{info->rfer} + static_cast<u64>(bytes);
    info->excl = u64{info->excl} + static_cast<u64>(bytes);
    info->generation = generation;
    quota_tree.put(key, item->body);
    return {};
}

} // namespace

void SimpleQuotas::add_taken(u64 owner, u64 bytes) {
    if (are_kept() && is_subvolume(owner)) {
        changes_[owner] += static_cast<std::int64_t>(bytes);
    }
}

void SimpleQuotas::add_taken(u64 owner, u64 bytes, u64 generation) {
    if (are_kept() && generation >= *since_) {
        add_taken(owner, bytes);
    }
}

void SimpleQuotas::add_freed(u64 owner, u64 bytes, u64 generation) {
    if (are_kept() && is_subvolume(owner) && generation >= *since_) {
        changes_[owner] -= static_cast<std::int64_t>(bytes);
    }
}

Result<void> SimpleQuotas::settle(TreeBuffer& quota_tree, u64 generation) {
    for (const auto& [owner, bytes] : std::exchange(changes_, {})) {
        if (bytes == 0) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto groups, with_groups_above(quota_tree, owner));
        for (const u64 group : groups) {
            BTRKIT_TRY(change_group(quota_tree, group, bytes, generation));
        }
    }
    return {};
}

Result<SimpleQuotas> read_simple_quotas(const Filesystem& filesystem) {
    if (!filesystem.geometry().has_incompat(btrfs::incompat_simple_quota)) {
        return SimpleQuotas();
    }
    const auto tree = filesystem.find_tree(btrfs::quota_tree_id);
    if (!tree) {
        return tree.error().kind == ErrorKind::not_found ? Result<SimpleQuotas>() : std::unexpected(tree.error());
    }
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, tree->block);
    BTRKIT_TRY_ASSIGN(const bool is_there, search.find({0, type::qgroup_status, 0}));
    const auto* status = is_there ? view_at<btrfs::QgroupStatusItem>(search.data()) : nullptr;
    if (status == nullptr) {
        return fail(ErrorKind::damaged, "the quota tree has no status; run btrkit-check");
    }
    constexpr u64 wanted = btrfs::qgroup_status_on | btrfs::qgroup_status_simple_mode;
    const auto* tail = view_at<btrfs::QgroupStatusTail>(search.data(), sizeof(btrfs::QgroupStatusItem));
    if ((status->flags & wanted) != wanted || tail == nullptr) {
        return SimpleQuotas();
    }
    return SimpleQuotas(tail->enable_gen);
}

} // namespace btrkit
