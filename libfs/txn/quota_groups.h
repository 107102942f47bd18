// SPDX-License-Identifier: MIT
// Quota groups as items of the quota tree: a group with its limit, and its relations, which stand in both directions.
#pragma once

#include "libfs/tree/tree_buffer.h"

namespace btrkit {

/// The groups that a group is related to: those above it have greater ids, its members smaller ones.
Result<std::vector<u64>> related_groups(TreeBuffer& quota_tree, u64 group);

/// A group without numbers and limits.
void add_quota_group(TreeBuffer& quota_tree, u64 group, u64 generation);
/// The member counts for the group from now on.
void relate_groups(TreeBuffer& quota_tree, u64 member, u64 group);
/// The group goes, and all its relations.
Result<void> remove_quota_group(TreeBuffer& quota_tree, u64 group);

} // namespace btrkit
