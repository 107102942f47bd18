// SPDX-License-Identifier: MIT
#include "libfs/txn/new_superblock.h"

#include "libfs/volume/backup_roots.h"
#include "libfs/volume/chunk_items.h"
#include "libfs/volume/sys_chunk_array.h"

#include <algorithm>
#include <list>

namespace btrkit {

namespace {

Result<NotedRoot> noted(TreeTable& trees, u64 id) {
    const auto tree = trees.find(id);
    if (!tree) {
        // A filesystem that never had data may lack the checksum tree.
        return tree.error().kind == ErrorKind::not_found ? Result<NotedRoot>{} : std::unexpected(tree.error());
    }
    const auto& block = (*tree)->root.block;
    return NotedRoot{.bytenr = block.address.bytenr, .generation = *block.generation, .level = *block.level};
}

Result<NotedRoots> noted_roots(TreeTable& trees) {
    NotedRoots roots;
    BTRKIT_TRY_ASSIGN(roots.extent, noted(trees, btrfs::extent_tree_id));
    BTRKIT_TRY_ASSIGN(roots.fs, noted(trees, btrfs::fs_tree_id));
    BTRKIT_TRY_ASSIGN(roots.dev, noted(trees, btrfs::dev_tree_id));
    BTRKIT_TRY_ASSIGN(roots.csum, noted(trees, btrfs::csum_tree_id));
    return roots;
}

} // namespace

Result<btrfs::Superblock> new_superblock(const btrfs::Superblock& committed, const SuperblockChange& change,
                                         TreeTable& trees) {
    auto super = committed;
    BTRKIT_TRY_ASSIGN(const auto* root_tree, trees.find(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto* chunk_tree, trees.find(btrfs::chunk_tree_id));
    super.generation = change.generation;
    super.root = root_tree->root.block.address.bytenr;
    super.root_level = *root_tree->root.block.level;
    super.chunk_root = chunk_tree->root.block.address.bytenr;
    super.chunk_root_level = *chunk_tree->root.block.level;
    super.chunk_root_generation = *chunk_tree->root.block.generation;
    super.bytes_used = u64{super.bytes_used} + static_cast<u64>(change.used_bytes_change);
    super.incompat_flags = super.incompat_flags | change.incompat_flags;
    super.compat_ro_flags = change.compat_ro_flags;
    if (change.is_seed) {
        super.flags =
            *change.is_seed ? super.flags | btrfs::super_flag_seeding : super.flags & ~btrfs::super_flag_seeding;
    }
    if (change.label) {
        super.label = {};
        std::ranges::copy(*change.label, super.label.begin());
    }
    if (committed.uuid_tree_generation == committed.generation) {
        super.uuid_tree_generation = change.generation;
    }
    BTRKIT_TRY_ASSIGN(const auto roots, noted_roots(trees));
    super.backup_roots[next_backup_slot(committed)] = root_backup(super, roots);
    return super;
}

Result<void> renew_system_chunks(btrfs::Superblock& super, const std::map<u64, std::optional<Chunk>>& cut,
                                 std::span<const Chunk> added) {
    const auto before = super;
    std::vector<SystemChunkItem> items;
    std::list<std::vector<std::byte>> bodies;
    const auto put = [&](const Chunk& chunk) {
        if ((chunk.type & btrfs::block_group_system) != 0) {
            bodies.push_back(chunk_item(chunk, super.sectorsize));
            items.push_back({.key = chunk_key(chunk), .body = bodies.back()});
        }
    };
    for (const auto& item : system_chunk_items(before).items) {
        const auto found = cut.find(item.key.offset);
        if (found == cut.end()) {
            items.push_back(item);
        } else if (found->second) {
            put(*found->second);
        }
    }
    std::ranges::for_each(added, put);
    return bodies.empty() && cut.empty() ? Result<void>{} : set_system_chunk_items(super, items);
}

} // namespace btrkit
