// SPDX-License-Identifier: MIT
#include "libfs/txn/settle.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/item_range.h"
#include "libfs/space/extent_lookup.h"
#include "libfs/space/free_space_items.h"
#include "libfs/txn/block_store.h"
#include "libfs/txn/csum_removal.h"
#include "libfs/txn/settle_refs.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Far more than ever were seen: two or three are usual.
constexpr unsigned most_rounds = 64;

/// The tree that has the block group items.
Result<OpenTree*> block_group_tree(Workspace& workspace) {
    const bool has_own_tree = workspace.geometry.has_block_group_tree();
    return workspace.trees.find(has_own_tree ? btrfs::block_group_tree_id : btrfs::extent_tree_id);
}

Result<void> settle_used_bytes(Workspace& workspace, const GroupChange& change) {
    if (change.used_bytes == 0 && !change.is_new) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto* tree, block_group_tree(workspace));
    const btrfs::Key key = block_group_key(change.chunk);
    if (change.is_new) {
        const btrfs::BlockGroupItem item = {.used = static_cast<u64>(change.used_bytes),
                                            .chunk_objectid = btrfs::first_chunk_tree_objectid,
                                            .flags = change.chunk.type};
        tree->buffer.put(key, as_bytes_of(item));
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto item, tree->buffer.find(key));
    auto* stored = item && item->body.size() >= sizeof(btrfs::BlockGroupItem)
                       ? reinterpret_cast<btrfs::BlockGroupItem*>(item->body.data())
                       : nullptr;
    const std::int64_t used = stored == nullptr ? -1 : static_cast<std::int64_t>(u64{stored->used}) + change.used_bytes;
    if (used < 0) {
        return fail(ErrorKind::damaged, fmt::format("block group {}: less is recorded as used than is given back; run "
                                                    "btrkit-check",
                                                    change.chunk.start.bytenr));
    }
    stored->used = static_cast<u64>(used);
    tree->buffer.put(key, item->body);
    return {};
}

Result<void> settle_free_space(Workspace& workspace, const GroupChange& change) {
    const bool has_changed = !change.taken.empty() || !change.freed.empty() || change.is_new;
    if (!workspace.geometry.has_valid_free_space_tree() || !has_changed) {
        return {};
    }
    const u32 sectorsize = workspace.geometry.sectorsize;
    BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(btrfs::free_space_tree_id));
    std::vector<EncodedItem> items;
    RecordedFreeSpace space;
    if (change.is_new) {
        space.free = free_ranges(change.chunk, change.allocated);
    } else {
        TreeSearch search(workspace.cache, tree->root.block);
        BTRKIT_TRY_ASSIGN(items, read_free_space_items(search, change.chunk));
        BTRKIT_TRY_ASSIGN(space, decode_free_space(change.chunk, items, sectorsize));
    }
    for (const Range freed : change.freed.ranges()) {
        if (space.free.intersects(freed)) {
            return fail(ErrorKind::damaged, fmt::format("{} is given back, but the free space tree has it as free; run "
                                                        "btrkit-check",
                                                        freed.start));
        }
    }
    space.free = difference(united(space.free, change.freed), change.taken);
    space.uses_bitmaps = wants_bitmaps(change.chunk, space.free.ranges().size(), sectorsize, space.uses_bitmaps);
    tree->buffer.apply(edits_between(items, encode_free_space(change.chunk, space, sectorsize)));
    return {};
}

/// The items of the whole tree, read before any of it is changed.
Result<std::vector<EncodedItem>> all_items(Workspace& workspace, const OpenTree& tree) {
    std::vector<EncodedItem> items;
    ItemRange range(workspace.filesystem.reader(), tree.root.block,
                    KeyRange::through(btrfs::Key::min(), btrfs::Key::max()));
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, range.next());
        if (!is_there) {
            return items;
        }
        items.push_back({range.key(), {range.data().begin(), range.data().end()}});
    }
}

/// A group that was cut begins or ends elsewhere: none of its items has the right key any more.
Result<void> erase_group(Workspace& workspace, const Chunk& chunk) {
    BTRKIT_TRY_ASSIGN(auto* groups, block_group_tree(workspace));
    BTRKIT_TRY_ASSIGN(const bool was_there, groups->buffer.erase(block_group_key(chunk)));
    if (!was_there) {
        return fail(ErrorKind::damaged,
                    fmt::format("block group {} has no item; run btrkit-check", chunk.start.bytenr));
    }
    if (!workspace.geometry.has_valid_free_space_tree()) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto* free_space, workspace.trees.find(btrfs::free_space_tree_id));
    TreeSearch search(workspace.cache, free_space->root.block);
    BTRKIT_TRY_ASSIGN(const auto items, read_free_space_items(search, chunk));
    free_space->buffer.apply(edits_between(items, {}));
    return {};
}

Result<void> settle_groups(Workspace& workspace) {
    for (const auto& change : workspace.space.take_changes()) {
        if (change.was) {
            BTRKIT_TRY(erase_group(workspace, *change.was));
        }
        if (!change.is_gone) {
            BTRKIT_TRY(settle_used_bytes(workspace, change));
            BTRKIT_TRY(settle_free_space(workspace, change));
        }
    }
    return {};
}

/// Lets the tree's root item say where it begins.
Result<void> settle_root_item(Workspace& workspace, TreeBuffer& root_tree, OpenTree& tree) {
    BTRKIT_TRY_ASSIGN(auto item, root_tree.find(tree.root.root_key));
    if (!item || item->body.size() < btrfs::legacy_root_item_size) {
        return fail(ErrorKind::damaged,
                    fmt::format("tree {} has no root item, or a short one", objectid_text(tree.root.id)));
    }
    btrfs::RootItem root;
    std::memcpy(&root, item->body.data(), std::min(item->body.size(), sizeof(root)));
    // Whoever does not know the fields behind the first generation leaves the second one behind; then they are void.
    const bool is_whole = root.generation == root.generation_v2;
    root.bytenr = tree.root.block.address.bytenr;
    root.level = *tree.root.block.level;
    root.generation = *tree.root.block.generation;
    root.generation_v2 = is_whole ? u64{root.generation} : u64{root.generation_v2};
    root.bytes_used =
        u64{root.bytes_used} + static_cast<u64>(tree.blocks_change * std::int64_t{workspace.geometry.nodesize});
    std::memcpy(item->body.data(), &root, std::min(item->body.size(), sizeof(root)));
    root_tree.put(tree.root.root_key, item->body);
    tree.blocks_change = 0;
    tree.root_item_is_behind = false;
    return {};
}

Result<void> settle_quotas(Workspace& workspace) {
    if (!workspace.quotas.has_changes()) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(btrfs::quota_tree_id));
    return workspace.quotas.settle(tree->buffer, workspace.generation());
}

bool begins_in_superblock(u64 tree) {
    return tree == btrfs::root_tree_id || tree == btrfs::chunk_tree_id;
}

Result<void> merge_all(Workspace& workspace) {
    for (auto& [id, tree] : workspace.trees.open_trees()) {
        if (id != btrfs::root_tree_id) {
            BTRKIT_TRY(merge_buffer(workspace, tree));
        }
    }
    BTRKIT_TRY_ASSIGN(auto* root_tree, workspace.trees.find(btrfs::root_tree_id));
    for (auto& [id, tree] : workspace.trees.open_trees()) {
        if (tree.root_item_is_behind && !begins_in_superblock(id)) {
            BTRKIT_TRY(settle_root_item(workspace, root_tree->buffer, tree));
        }
    }
    return merge_buffer(workspace, *root_tree);
}

bool is_settled(Workspace& workspace) {
    const bool is_merged = std::ranges::all_of(workspace.trees.open_trees(),
                                               [](const auto& entry) { return entry.second.buffer.empty(); });
    return is_merged && workspace.refs.empty() && !workspace.space.has_changes() && workspace.freed_data.empty() &&
           !workspace.quotas.has_changes();
}

} // namespace

Result<void> put_block_groups(Workspace& workspace, std::span<const GroupExtents> groups) {
    BTRKIT_TRY_ASSIGN(auto* tree, block_group_tree(workspace));
    for (const auto& [chunk, allocated] : groups) {
        const btrfs::BlockGroupItem item = {
            .used = allocated.total_bytes(), .chunk_objectid = btrfs::first_chunk_tree_objectid, .flags = chunk.type};
        tree->buffer.put(block_group_key(chunk), as_bytes_of(item));
    }
    return {};
}

Result<void> put_free_space(Workspace& workspace, std::span<const GroupExtents> groups) {
    if (!workspace.geometry.has_valid_free_space_tree()) {
        return {};
    }
    const u32 sectorsize = workspace.geometry.sectorsize;
    std::vector<EncodedItem> items;
    for (const auto& [chunk, allocated] : groups) {
        RecordedFreeSpace space = {.free = free_ranges(chunk, allocated)};
        space.uses_bitmaps = wants_bitmaps(chunk, space.free.ranges().size(), sectorsize, false);
        std::ranges::move(encode_free_space(chunk, space, sectorsize), std::back_inserter(items));
    }
    BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(btrfs::free_space_tree_id));
    BTRKIT_TRY_ASSIGN(const auto before, all_items(workspace, *tree));
    tree->buffer.apply(edits_between(before, items));
    return {};
}

Result<void> settle(Workspace& workspace) {
    for (unsigned round = 0; round < most_rounds; ++round) {
        BTRKIT_TRY(merge_all(workspace));
        if (is_settled(workspace)) {
            return {};
        }
        BTRKIT_TRY(settle_refs(workspace));
        BTRKIT_TRY(remove_csums(workspace));
        BTRKIT_TRY(settle_groups(workspace));
        BTRKIT_TRY(settle_quotas(workspace));
    }
    return fail_as_bug("the accounts of a transaction don't come to rest");
}

} // namespace btrkit
