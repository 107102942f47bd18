// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/trees.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"

#include <map>

#include <sys/stat.h>

namespace btrkit::mkfs {

btrfs::Uuid subvolume_uuid(const Parameters& parameters, u64 tree) {
    return derived_uuid(parameters.fsid, "subvolume", tree);
}

btrfs::InodeItem internal_directory(const Parameters& parameters, u64 nbytes) {
    const auto now = timespec_of(parameters.now);
    return {.generation = first_generation,
            .nbytes = nbytes,
            .nlink = 1,
            .mode = S_IFDIR | 0755,
            .atime = now,
            .ctime = now,
            .mtime = now,
            .otime = now};
}

Result<BuiltTree> build_data_reloc_tree(const Parameters& parameters, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::data_reloc_tree_id), sink);
    const u64 top = btrfs::root_dir_inode;
    const auto inode = internal_directory(parameters, 0);
    BTRKIT_TRY(tree.add({top, btrfs::item_type::inode_item, 0}, as_bytes_of(inode)));
    ItemBuffer reference;
    reference.add(btrfs::InodeRef{.index = 0, .name_len = 2}).add_text("..");
    BTRKIT_TRY(tree.add({top, btrfs::item_type::inode_ref, top}, reference.bytes()));
    return tree.finish();
}

Result<BuiltTree> build_uuid_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink) {
    std::map<btrfs::Key, btrfs::le64> items;
    for (const auto& tree : trees) {
        const auto key = btrfs::uuid_key(subvolume_uuid(parameters, tree.plan->id));
        items[{key.objectid, btrfs::item_type::uuid_key_subvol, key.offset}] = tree.plan->id;
    }
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::uuid_tree_id), sink);
    for (const auto& [key, id] : items) {
        BTRKIT_TRY(tree.add(key, as_bytes_of(id)));
    }
    return tree.finish();
}

Result<BuiltTree> build_quota_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::quota_tree_id), sink);
    const bool simple = parameters.features.simple_quota;
    ItemBuffer status;
    status.add(
        btrfs::QgroupStatusItem{.version = 1,
                                .generation = first_generation,
                                .flags = btrfs::qgroup_status_on | (simple ? btrfs::qgroup_status_simple_mode : 0),
                                .rescan = 0});
    if (simple) {
        status.add(btrfs::QgroupStatusTail{.enable_gen = first_generation});
    }
    BTRKIT_TRY(tree.add({0, btrfs::item_type::qgroup_status, 0}, status.bytes()));
    for (const auto& filled : trees) {
        const u64 bytes = filled.built.block_count * parameters.geometry.nodesize + filled.data_bytes;
        // Nothing is shared yet, so all that is referred to is exclusive.
        const u64 compressed = simple ? 0 : bytes; // as the kernel keeps them
        const btrfs::QgroupInfoItem info = {.generation = first_generation,
                                            .rfer = bytes,
                                            .rfer_cmpr = compressed,
                                            .excl = bytes,
                                            .excl_cmpr = compressed};
        BTRKIT_TRY(tree.add({0, btrfs::item_type::qgroup_info, filled.plan->id}, as_bytes_of(info)));
    }
    for (const auto& filled : trees) {
        const btrfs::QgroupLimitItem no_limit;
        BTRKIT_TRY(tree.add({0, btrfs::item_type::qgroup_limit, filled.plan->id}, as_bytes_of(no_limit)));
    }
    return tree.finish();
}

} // namespace btrkit::mkfs
