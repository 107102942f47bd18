// SPDX-License-Identifier: MIT
// Everything that can be wrong with a filesystem, in one table. Checks say "problem X, here"; text, JSON, exit
// status and docs/findings.md derive from the row. Codes (the second column) are stable: never rename one.
#pragma once

#include <array>
#include <string_view>

namespace btrkit {

enum class Severity {
    note,  ///< worth knowing; nothing is wrong
    error, ///< something is wrong, or could not be read
    fatal, ///< so wrong that the filesystem, or a whole tree, can't be read
};

enum class ProblemCode {
    // superblocks and devices
    super_missing,
    super_csum_type,
    super_checksum,
    super_magic,
    super_bytenr,
    super_field,
    super_value,
    super_unknown_incompat,
    super_unknown_compat_ro,
    super_unfinished_change,
    super_mirror_invalid,
    super_mirror_differs,
    super_devices_disagree,
    device_missing,
    device_foreign,
    device_duplicate,
    device_stale,
    device_truncated,
    device_unreadable,
    // chunks
    sys_array,
    chunk_item,
    chunk_overlap,
    // tree blocks
    block_unreadable,
    block_checksum,
    block_bytenr,
    block_fsid,
    block_generation,
    block_level,
    block_owner,
    block_first_key,
    block_not_written,
    block_lost,
    node_nritems,
    node_pointer,
    node_key_order,
    leaf_empty,
    leaf_nritems,
    leaf_key_order,
    leaf_item_offset,
    leaf_item_overlap,
    // items
    item_size,
    item_orphaned,
    item_inode,
    item_inode_ref,
    item_dir,
    item_dir_hash,
    item_file_extent,
    item_file_extent_overlap,
    item_csum,
    item_csum_overlap,
    item_root,
    item_root_ref,
    item_extent,
    item_extent_inline_ref,
    item_extent_overlap,
    item_extent_ref,
    item_block_group,
    item_free_space,
    item_dev,
    item_dev_extent,
    item_dev_extent_overlap,
    item_raid_stripe,
    item_unknown_type,
    // trees
    root_unreadable,
    // data
    data_unreadable,
    data_checksum,
    data_csum_missing,
    count_ ///< not a problem: how many there are
};

struct ProblemInfo {
    ProblemCode code;
    std::string_view id; ///< the stable code that users and scripts see
    Severity severity;
    std::string_view meaning;
};

inline constexpr auto problem_catalogue = std::to_array<ProblemInfo>({
    {ProblemCode::super_missing, "super-missing", Severity::fatal, "no valid superblock on this device"},
    {ProblemCode::super_csum_type, "super-csum-type", Severity::error,
     "superblock names an unknown checksum algorithm"},
    {ProblemCode::super_checksum, "super-checksum", Severity::error, "superblock checksum does not match"},
    {ProblemCode::super_magic, "super-magic", Severity::error, "superblock has not the btrfs magic"},
    {ProblemCode::super_bytenr, "super-bytenr", Severity::error, "superblock says that it stands elsewhere"},
    {ProblemCode::super_field, "super-field", Severity::error, "superblock field has an impossible value"},
    {ProblemCode::super_value, "super-value", Severity::error,
     "superblock field has a wrong value, but one that reading does not depend on"},
    {ProblemCode::super_unknown_incompat, "super-unknown-incompat", Severity::error,
     "superblock has incompatible features that this program does not know"},
    {ProblemCode::super_unknown_compat_ro, "super-unknown-compat-ro", Severity::note,
     "superblock has read-only-compatible features that this program does not know"},
    {ProblemCode::super_unfinished_change, "super-unfinished-change", Severity::note,
     "an offline conversion of the whole filesystem was begun and not finished"},
    {ProblemCode::super_mirror_invalid, "super-mirror-invalid", Severity::error, "a superblock mirror is not valid"},
    {ProblemCode::super_mirror_differs, "super-mirror-differs", Severity::error,
     "a superblock mirror differs from the newest valid one"},
    {ProblemCode::super_devices_disagree, "super-devices-disagree", Severity::error,
     "the superblocks of two devices of one filesystem disagree"},
    {ProblemCode::device_missing, "device-missing", Severity::error, "a device of the filesystem was not given"},
    {ProblemCode::device_foreign, "device-foreign", Severity::error, "the device belongs to another filesystem"},
    {ProblemCode::device_duplicate, "device-duplicate", Severity::error, "two of the given devices have the same id"},
    {ProblemCode::device_stale, "device-stale", Severity::error,
     "the device was left behind: its generation is older than that of the others"},
    {ProblemCode::device_truncated, "device-truncated", Severity::error,
     "the device is shorter than the filesystem says"},
    {ProblemCode::device_unreadable, "device-unreadable", Severity::error, "the device fails reads"},
    {ProblemCode::sys_array, "sys-array", Severity::error, "the superblock's array of system chunks is damaged"},
    {ProblemCode::chunk_item, "chunk-item", Severity::error, "a chunk item is impossible"},
    {ProblemCode::chunk_overlap, "chunk-overlap", Severity::error, "two chunks claim the same logical addresses"},
    {ProblemCode::block_unreadable, "block-unreadable", Severity::error, "a copy of a tree block could not be read"},
    {ProblemCode::block_checksum, "block-checksum", Severity::error, "tree block checksum does not match"},
    {ProblemCode::block_bytenr, "block-bytenr", Severity::error, "tree block says that it stands elsewhere"},
    {ProblemCode::block_fsid, "block-fsid", Severity::error, "tree block belongs to another filesystem"},
    {ProblemCode::block_generation, "block-generation", Severity::error,
     "tree block has not the generation that its parent promised"},
    {ProblemCode::block_level, "block-level", Severity::error, "tree block has not the level that its parent promised"},
    {ProblemCode::block_owner, "block-owner", Severity::error, "tree block has an owner that this tree can't have"},
    {ProblemCode::block_first_key, "block-first-key", Severity::error,
     "tree block begins with another key than its parent promised"},
    {ProblemCode::block_not_written, "block-not-written", Severity::error,
     "leaf is not marked as written, so its items were not checked"},
    {ProblemCode::block_lost, "block-lost", Severity::error, "no copy of a tree block is good; its items are lost"},
    {ProblemCode::node_nritems, "node-nritems", Severity::error, "node has an impossible number of pointers"},
    {ProblemCode::node_pointer, "node-pointer", Severity::error, "node points to an impossible address"},
    {ProblemCode::node_key_order, "node-key-order", Severity::error, "keys of a node are not in ascending order"},
    {ProblemCode::leaf_empty, "leaf-empty", Severity::error, "leaf of a tree that can't be empty has no items"},
    {ProblemCode::leaf_nritems, "leaf-nritems", Severity::error, "leaf has more items than fit it"},
    {ProblemCode::leaf_key_order, "leaf-key-order", Severity::error, "keys of a leaf are not in ascending order"},
    {ProblemCode::leaf_item_offset, "leaf-item-offset", Severity::error,
     "item data does not lie where the item before it ends"},
    {ProblemCode::leaf_item_overlap, "leaf-item-overlap", Severity::error, "item data lies on the item headers"},
    {ProblemCode::item_size, "item-size", Severity::error, "item has an impossible size"},
    {ProblemCode::item_orphaned, "item-without-inode", Severity::error,
     "item stands in the leaf without an item of its inode before it"},
    {ProblemCode::item_inode, "item-inode", Severity::error, "inode item has an impossible value"},
    {ProblemCode::item_inode_ref, "item-inode-ref", Severity::error, "inode reference is malformed"},
    {ProblemCode::item_dir, "item-dir", Severity::error, "directory entry or xattr is malformed"},
    {ProblemCode::item_dir_hash, "item-dir-hash", Severity::error, "name hash of a directory entry or xattr is wrong"},
    {ProblemCode::item_file_extent, "item-file-extent", Severity::error, "file extent has an impossible value"},
    {ProblemCode::item_file_extent_overlap, "item-file-extent-overlap", Severity::error, "file extents overlap"},
    {ProblemCode::item_csum, "item-csum", Severity::error, "checksum item is malformed"},
    {ProblemCode::item_csum_overlap, "item-csum-overlap", Severity::error, "checksum items overlap"},
    {ProblemCode::item_root, "item-root", Severity::error, "root item has an impossible value"},
    {ProblemCode::item_root_ref, "item-root-ref", Severity::error, "root reference is malformed"},
    {ProblemCode::item_extent, "item-extent", Severity::error, "extent item has an impossible value"},
    {ProblemCode::item_extent_inline_ref, "item-extent-inline-ref", Severity::error,
     "inline back reference is malformed or out of order"},
    {ProblemCode::item_extent_overlap, "item-extent-overlap", Severity::error, "extents overlap"},
    {ProblemCode::item_extent_ref, "item-extent-ref", Severity::error, "keyed back reference is malformed"},
    {ProblemCode::item_block_group, "item-block-group", Severity::error, "block group item has an impossible value"},
    {ProblemCode::item_free_space, "item-free-space", Severity::error, "free space item has an impossible value"},
    {ProblemCode::item_dev, "item-dev", Severity::error, "device item has an impossible value"},
    {ProblemCode::item_dev_extent, "item-dev-extent", Severity::error, "device extent has an impossible value"},
    {ProblemCode::item_dev_extent_overlap, "item-dev-extent-overlap", Severity::error, "device extents overlap"},
    {ProblemCode::item_raid_stripe, "item-raid-stripe", Severity::error, "raid stripe item has an impossible value"},
    {ProblemCode::item_unknown_type, "item-unknown-type", Severity::note,
     "item has a type that this program does not know"},
    {ProblemCode::root_unreadable, "root-unreadable", Severity::fatal, "the root of a tree could not be read"},
    {ProblemCode::data_unreadable, "data-unreadable", Severity::error, "a copy of data could not be read"},
    {ProblemCode::data_checksum, "data-checksum", Severity::error, "checksum of data does not match"},
    {ProblemCode::data_csum_missing, "data-csum-missing", Severity::error, "data has no checksum, but should"},
});

constexpr bool catalogue_is_in_order() {
    for (std::size_t i = 0; i < problem_catalogue.size(); ++i) {
        if (problem_catalogue[i].code != static_cast<ProblemCode>(i)) {
            return false;
        }
    }
    return problem_catalogue.size() == static_cast<std::size_t>(ProblemCode::count_);
}
static_assert(catalogue_is_in_order());

constexpr const ProblemInfo& problem_info(ProblemCode code) {
    return problem_catalogue[static_cast<std::size_t>(code)];
}

} // namespace btrkit
