// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/subvolume_order.h"

#include "formats/btrfs/flags.h"
#include "libfs/relocate/rewrite_subvolumes.h"
#include "libfs/survey/read_roots.h"

#include <algorithm>

namespace btrkit::defragment {

Result<std::vector<TreeRoot>> subvolumes_in_order(const Filesystem& filesystem) {
    BTRKIT_TRY_ASSIGN(auto subvolumes, whole_subvolumes(filesystem));
    const auto roots = survey::read_roots(filesystem, {});
    const auto rank = [&](const TreeRoot& root) {
        const auto* record = roots.find(root.id);
        const bool is_read_only = record != nullptr && (record->item.flags & btrfs::root_subvol_rdonly) != 0;
        const u64 youth = record == nullptr ? 0 : ~u64{record->item.otransid};
        return std::tuple(record != nullptr && record->is_dropping(), is_read_only, youth, root.id);
    };
    std::ranges::sort(subvolumes, {}, rank);
    return subvolumes;
}

} // namespace btrkit::defragment
