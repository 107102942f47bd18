// SPDX-License-Identifier: MIT
// What the quota tree says.
#pragma once

#include "formats/btrfs/quota.h"
#include "libfs/ops/check/context.h"

#include <map>
#include <set>

namespace btrkit::check {

/// A quota group; either of its two items may be missing.
struct QuotaGroup {
    std::optional<btrfs::QgroupInfoItem> info;
    bool has_limit = false;
    Place place; ///< of the info item or, without one, of the limit item
};

struct QuotaStatus {
    u64 version = 0;
    u64 generation = 0;
    u64 flags = 0;
    u64 enable_generation = 0; ///< simple quotas count what was written from then on

    bool has(u64 flag) const { return (flags & flag) != 0; }
    bool is_simple() const { return has(btrfs::qgroup_status_simple_mode); }
};

struct QuotaTree {
    std::optional<QuotaStatus> status;
    std::map<u64, QuotaGroup> groups;        ///< by id
    std::set<std::pair<u64, u64>> relations; ///< as they stand there: each in both directions
    bool is_whole = true;                    ///< nothing of the tree was lost
};

/// "1/100".
std::string qgroup_text(u64 id);

/// Scans the tree. Finds items that have no place in it.
QuotaTree read_quota_tree(Context& context, const TreeRoot& root);

/// Whether every subvolume has a group, every group its items, and every relation its groups and its twin.
void check_quota_groups(Context& context, const QuotaTree& quota);

} // namespace btrkit::check
