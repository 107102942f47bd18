// SPDX-License-Identifier: MIT
#include "libfs/relocate/rewrite_subvolumes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

#include <fmt/format.h>

namespace btrkit {

Result<std::vector<TreeRoot>> whole_subvolumes(const Filesystem& filesystem) {
    std::vector<TreeRoot> found;
    ItemRange items(filesystem.reader(), filesystem.root_tree().block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return found;
        }
        const u64 id = items.key().objectid;
        if (items.key().type != btrfs::item_type::root_item || !is_subvolume(id)) {
            continue;
        }
        const auto root = parse_root_item(items.key(), items.data());
        if (!root) {
            return fail(ErrorKind::damaged,
                        fmt::format("the root item of subvolume {} is short; run btrkit-check", id));
        }
        const auto item = whole_root_item(items.data()).item;
        if (item.refs == 0 && item.drop_progress.objectid != 0) {
            return fail(ErrorKind::refused,
                        fmt::format("subvolume {} is half deleted; run 'btrkit-subvolume sync' first", id));
        }
        found.push_back(*root);
    }
}

Result<void> rewrite_subvolumes(std::span<const TreeRoot> subvolumes, GraphRewriter& rewriter,
                                const RunContext& context) {
    for (const auto& root : subvolumes) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY(rewriter.rewrite_tree(root));
    }
    return rewriter.finish();
}

} // namespace btrkit
