// SPDX-License-Identifier: MIT
#include "libfs/relocate/rewrite_subvolumes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// A subvolume that is half deleted still refers to what it has given back.
Result<void> refuse_half_deleted(const TreeRoot& root, Bytes body) {
    const auto item = whole_root_item(body).item;
    if (item.refs == 0 && item.drop_progress.objectid != 0) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {} is half deleted; mount the filesystem once to let that end", root.id));
    }
    return {};
}

} // namespace

Result<void> rewrite_subvolumes(const Filesystem& committed, GraphRewriter& rewriter, const RunContext& context) {
    ItemRange items(committed.reader(), committed.root_tree().block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return {};
        }
        if (items.key().type != btrfs::item_type::root_item || !is_subvolume(items.key().objectid)) {
            continue;
        }
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        const auto root = parse_root_item(items.key(), items.data());
        if (!root) {
            return fail(ErrorKind::damaged,
                        fmt::format("the root item of subvolume {} is short; run btrkit-check", items.key().objectid));
        }
        BTRKIT_TRY(refuse_half_deleted(*root, items.data()));
        BTRKIT_TRY(rewriter.rewrite_tree(*root));
    }
}

} // namespace btrkit
