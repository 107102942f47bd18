// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/unsure_names.h"

namespace btrkit::repair {

namespace {

bool is_about_name_of(const survey::Finding& finding, u64 tree, u64 inode) {
    switch (finding.problem.code) {
    case ProblemCode::item_inode_ref:
    case ProblemCode::item_dir:
    case ProblemCode::item_dir_hash:
    case ProblemCode::item_size:
    case ProblemCode::inode_missing:
    case ProblemCode::dir_item_missing:
    case ProblemCode::dir_index_missing:
    case ProblemCode::dir_index_differs:
    case ProblemCode::inode_ref_missing:
    case ProblemCode::dir_name_twice: break;
    default: return false;
    }
    const auto& place = finding.problem.place;
    const auto key = place.key.value_or(btrfs::Key{});
    return place.tree == tree && (place.inode == inode || key.objectid == inode || key.offset == inode);
}

} // namespace

bool has_unsure_names(const Round& round, u64 tree, u64 inode) {
    return std::ranges::any_of(round.left(),
                               [&](const survey::Finding* finding) { return is_about_name_of(*finding, tree, inode); });
}

} // namespace btrkit::repair
