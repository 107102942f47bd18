// SPDX-License-Identifier: MIT
#include "libfs/ops/check/find_tree.h"

namespace btrkit::check {

std::optional<TreeRoot> find_tree(const Context& context, u64 id) {
    const auto root = context.filesystem.find_tree(id);
    return root ? std::optional(*root) : std::nullopt;
}

bool is_old_dump(const Context& context) {
    return (context.geometry().super_flags & btrfs::super_flag_metadump) != 0;
}

} // namespace btrkit::check
