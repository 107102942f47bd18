// SPDX-License-Identifier: MIT
#include "libfs/ops/check/mount/log_replay.h"

#include <algorithm>

namespace btrkit::check {

using namespace survey;

namespace {

bool has_names_twice(const Findings& findings) {
    return std::ranges::any_of(findings.all(), [](const Finding& finding) {
        return finding.problem.code == ProblemCode::dir_index_differs &&
               finding.problem.place.tree == btrfs::tree_log_id;
    });
}

/// A replay allocates what the log holds, and new tree blocks; nothing of system chunks. Kernels give up a group whose
/// free space is not as many ranges as the group's info says.
bool has_miscounted_group(const Findings& findings, const Filesystem& filesystem) {
    return std::ranges::any_of(findings.all(), [&](const Finding& finding) {
        const auto& [code, place, detail, refused_by] = finding.problem;
        const auto* chunk = code == ProblemCode::free_space_count && place.key
                                ? filesystem.volume().chunks().find(Logical{place.key->objectid})
                                : nullptr;
        return chunk != nullptr && (chunk->type & btrfs::block_group_system) == 0;
    });
}

} // namespace

std::string_view why_log_is_stuck(const Findings& findings, const Filesystem& filesystem,
                                  const ChunkComparison& chunks) {
    if (filesystem.super().log_root == 0) {
        return {};
    }
    if (chunks.group_missing) {
        return "the log can't be replayed while a block group is missing";
    }
    if (has_names_twice(findings)) {
        return "the log can't be replayed: it has two names for one place of a directory";
    }
    if (findings.any(ProblemCode::free_space_info_missing) || has_miscounted_group(findings, filesystem)) {
        return "the log can't be replayed while the free space tree is damaged";
    }
    return {};
}

} // namespace btrkit::check
