// SPDX-License-Identifier: MIT
#include "libfs/ops/check/wanted_tree.h"

namespace btrkit::check {

std::optional<TreeRoot> find_wanted_tree(Context& context, u64 id) {
    const auto root = context.filesystem.find_tree(id);
    if (root) {
        return *root;
    }
    if (root.error().kind == ErrorKind::not_found) {
        context.findings.report(ProblemCode::root_unreadable, {.tree = id}, "there is no root item of it");
    }
    return std::nullopt;
}

bool is_old_dump(const Context& context) {
    return (context.geometry().super_flags & btrfs::super_flag_metadump) != 0;
}

} // namespace btrkit::check
