// SPDX-License-Identifier: MIT
#include "libfs/survey/find_tree.h"

namespace btrkit::survey {

std::optional<TreeRoot> find_tree(const Survey& survey, u64 id) {
    const auto root = survey.filesystem.find_tree(id);
    return root ? std::optional(*root) : std::nullopt;
}

bool is_old_dump(const Survey& survey) {
    return (survey.geometry().super_flags & btrfs::super_flag_metadump) != 0;
}

} // namespace btrkit::survey
