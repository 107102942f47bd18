// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "libfs/volume/chunk_items.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit::repair {

namespace {

/// What follows from other fields; kernels want it so. What does not follow stays.
Result<void> set_derived_values(btrfs::Superblock& super) {
    const u64 generation = super.generation;
    constexpr u64 cache_disabled = ~u64{0};
    super.leafsize = super.nodesize;
    super.stripesize = super.sectorsize;
    super.dev_item.fsid = super.tree_fsid();
    super.root_dir_objectid = btrfs::root_tree_dir_id;
    if (super.log_root == 0) {
        super.log_root_level = 0;
    }
    // Left behind, so that kernels look for themselves.
    if (super.cache_generation > generation && super.cache_generation != cache_disabled) {
        super.cache_generation = 0;
    }
    if (super.uuid_tree_generation > generation) {
        super.uuid_tree_generation = 0;
    }
    for (auto& backup : super.backup_roots) {
        if (backup.tree_root_gen > generation + 1) {
            backup = {};
        }
    }
    return {};
}

/// The system chunks of the chunk tree, item for item.
Result<std::vector<BufferedItem>> system_chunks(TreeBuffer& chunk_tree) {
    std::vector<BufferedItem> items;
    btrfs::Key from = {btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(auto item, chunk_tree.first_from(from));
        if (!item || item->key.objectid != from.objectid || item->key.type != from.type) {
            return items;
        }
        from.offset = item->key.offset + 1;
        const auto* chunk = view_at<btrfs::ChunkItem>(item->body);
        if (chunk != nullptr && (chunk->type & btrfs::block_group_system) != 0) {
            items.push_back(std::move(*item));
        }
    }
}

} // namespace

Result<void> fix_superblock(Transaction& transaction, const FindingList& findings) {
    const auto has = [&](ProblemCode code) {
        return std::ranges::any_of(findings, [&](const auto* finding) { return finding->problem.code == code; });
    };
    if (has(ProblemCode::super_value)) {
        transaction.edit_superblocks(set_derived_values);
    }
    if (has(ProblemCode::sys_array_differs) || has(ProblemCode::item_misplaced)) {
        BTRKIT_TRY_ASSIGN(auto* chunk_tree, transaction.tree(btrfs::chunk_tree_id));
        BTRKIT_TRY_ASSIGN(const auto chunks, system_chunks(*chunk_tree));
        transaction.edit_superblocks([chunks](btrfs::Superblock& super) {
            std::vector<SystemChunkItem> items;
            items.reserve(chunks.size());
            for (const auto& chunk : chunks) {
                items.push_back({.key = chunk.key, .body = chunk.body});
            }
            return set_system_chunk_items(super, items);
        });
    }
    return {};
}

} // namespace btrkit::repair
