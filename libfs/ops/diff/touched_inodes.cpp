// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/touched_inodes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/tree/tree_diff.h"

namespace btrkit::diff {

namespace {

/// The directories above an inode, all of them where it has several names.
Result<std::vector<u64>> parents_of(SubvolumeView& view, u64 inode) {
    std::vector<u64> parents;
    TreeSearch refs = view.search();
    BTRKIT_TRY_ASSIGN(bool is_there, refs.seek({inode, btrfs::item_type::inode_ref, 0}));
    while (is_there && is_inode_ref_of(refs.key(), inode)) {
        for_each_name(refs.key(), refs.data(),
                      [&](const NameRecord& record, const btrfs::DirItem*) { parents.push_back(record.parent); });
        BTRKIT_TRY_ASSIGN(is_there, refs.next());
    }
    return parents;
}

/// Adds all directories above those that are in the set.
Result<void> add_directories_above(TouchedInodes& touched, SubvolumeView& view) {
    std::vector<u64> waiting(touched.begin(), touched.end());
    TouchedInodes done;
    while (!waiting.empty()) {
        const u64 inode = waiting.back();
        waiting.pop_back();
        if (!done.insert(inode).second) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto parents, parents_of(view, inode));
        for (const u64 parent : parents) {
            touched.insert(parent);
            waiting.push_back(parent);
        }
    }
    return {};
}

Result<TouchedInodes> find_touched(Context& context) {
    TouchedInodes touched;
    TreeDiff difference({.cache = &context.new_views.cache(), .root = context.new_side.top.tree.block},
                        {.cache = &context.old_views.cache(), .root = context.old_side.top.tree.block}, true);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, difference.next());
        if (!item || context.run.stop.stop_requested()) {
            break;
        }
        if (item->change != ItemChange::same) {
            touched.insert(item->key.objectid);
        }
    }
    BTRKIT_TRY(add_directories_above(touched, context.old_views.of(context.old_side.top.tree)));
    BTRKIT_TRY(add_directories_above(touched, context.new_views.of(context.new_side.top.tree)));
    return touched;
}

} // namespace

std::optional<TouchedInodes> find_touched_inodes(Context& context) {
    auto touched = find_touched(context);
    return touched ? std::optional(std::move(*touched)) : std::nullopt;
}

} // namespace btrkit::diff
