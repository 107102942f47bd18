// SPDX-License-Identifier: MIT
// What a repair does about each finding, in one table: the plan, its texts and docs/repair.md derive from it. A finding
// without a row is left as it is, and said to be.
#pragma once

#include "formats/btrfs/objectids.h"
#include "libfs/base/address.h"
#include "libfs/base/problem_catalogue.h"

#include <algorithm>
#include <optional>

namespace btrkit::repair {

/// How sure it is that what is written is what was there.
enum class Grade : unsigned char {
    proven,  ///< it follows from what else is there
    guessed, ///< it is probable
    lossy,   ///< something goes
};

/// Which part of the filesystem is put right.
enum class Part : unsigned char {
    blocks,       ///< tree blocks of which one value is wrong
    derived_tree, ///< a whole tree that follows from the others, and the extent tree with it
    extents,      ///< the extent tree, and all that follows from it
    space,        ///< what follows from the extent tree
    superblock,
    devices,
    uuid_tree,
    orphans,
    root_items,
    data_reloc_tree,
    deletions,       ///< of subvolumes, which were begun
    astray_items,    ///< under a key of another type
    dropped_items,   ///< that their tree can't have
    top_directories, ///< of which nothing is left
    root_directory,  ///< in the root tree
    missing_inodes,
    names,         ///< of files
    guessed_names, ///< of which one form is left
    dropped_names,
    second_names,     ///< of directories
    inode_items,      ///< what an inode's own items say
    inodes,           ///< what follows from all items of an inode
    lost_inodes,      ///< that have no name
    lost_data,        ///< of files
    subvolumes,       ///< where they stand
    moved_subvolumes, ///< that can't stand where they stood
    lost_subvolumes,
    dropped_entries,   ///< of subvolumes that are not there
    subvolume_choices, ///< what only users know
    inode_cache,       ///< of old kernels
    checksums,         ///< of data
    missing_checksums,
    quota,
};

/// Trees that follow from others, so that they can be made anew where something of them is lost.
constexpr bool is_derived_tree(u64 id) {
    return id == btrfs::extent_tree_id || id == btrfs::block_group_tree_id || id == btrfs::free_space_tree_id ||
           id == btrfs::dev_tree_id || id == btrfs::uuid_tree_id;
}

enum class Where : unsigned char {
    anywhere,
    derived_trees, ///< in trees that follow from others, and only there
    where_known,   ///< where something else still tells what was there, and only there: else it stays as it is
};

struct RepairRow {
    ProblemCode code;
    Part part;
    Grade grade;
    std::string_view action; ///< as in "will be ..."
    Where where = Where::anywhere;
};

inline constexpr std::string_view space_action = "block groups and the free space tree are made anew from the extents";
inline constexpr std::string_view chunk_action =
    "device extents and used bytes of devices are made anew from the chunks";
inline constexpr std::string_view device_action =
    "the superblock has the device's uuid that the chunk tree and all stripes have";
inline constexpr std::string_view device_item_action = "the device item is made anew from the superblock of its device";
inline constexpr std::string_view array_action = "the array of system chunks is made anew from the chunk tree";
inline constexpr std::string_view found_array_action =
    "the array of system chunks is made from the chunk tree, whose blocks are found by what they say of themselves";
inline constexpr std::string_view conversion_action =
    "an offline conversion that was begun (another id, a tree for block groups) is taken back: superblocks tell of it "
    "no more, and block groups are made anew";
inline constexpr std::string_view root_action =
    "the newest block that is found and can be the root of that tree is its root";
inline constexpr std::string_view mirror_action = "the commit writes all mirrors anew";
inline constexpr std::string_view extent_action =
    "the extent tree is made anew from all other trees, and block groups and free space from that";
inline constexpr std::string_view lost_extent_action =
    "the file gets back the extent of which the extent tree still says that it has it there";
inline constexpr std::string_view block_action =
    "the block becomes what it must have been, and is written elsewhere, for all that share it";
inline constexpr std::string_view lost_action =
    "the block becomes what it must have been, a node from its children, and is written elsewhere, for all that share "
    "it";
inline constexpr std::string_view tree_action = "the tree is made anew, and the extent tree with it";
inline constexpr std::string_view name_action =
    "two of a name's three forms (DIR_ITEM, DIR_INDEX, the inode's reference) agree: the third is made from them";
inline constexpr std::string_view one_form_action =
    "one form of a name is left, and the inode says that it has more names than are known: the other two are made";
inline constexpr std::string_view drop_action = "the form of a name that stands alone goes";
inline constexpr std::string_view second_action = "of several names of a directory one that leads to the top stays";
inline constexpr std::string_view inode_action =
    "type, size and names of the inode follow from its other items; owner, permissions and times are made up";
inline constexpr std::string_view subvolume_action =
    "ROOT_REF, ROOT_BACKREF, DIR_ITEM, DIR_INDEX and the count of a subvolume say what most of them say";
inline constexpr std::string_view uuid_action = "the uuid tree is made anew from the root items";

inline constexpr auto repair_table = std::to_array<RepairRow>({
    {ProblemCode::super_value, Part::superblock, Grade::proven,
     "fields of the superblock that follow from others are set to what they must be"},
    {ProblemCode::super_mirror_invalid, Part::superblock, Grade::proven, mirror_action},
    {ProblemCode::super_mirror_differs, Part::superblock, Grade::proven, mirror_action},
    {ProblemCode::mount_refused, Part::blocks, Grade::proven, conversion_action, Where::where_known},
    {ProblemCode::super_devices_disagree, Part::devices, Grade::proven, device_action, Where::where_known},
    {ProblemCode::super_total_bytes, Part::devices, Grade::proven, "total_bytes is the sum of the device items"},
    {ProblemCode::super_bytes_used, Part::space, Grade::proven, "bytes_used is the sum of the extents"},
    {ProblemCode::super_num_devices, Part::devices, Grade::proven, "num_devices is the number of device items"},
    {ProblemCode::device_item_missing, Part::devices, Grade::proven, device_item_action, Where::where_known},
    {ProblemCode::device_item_differs, Part::devices, Grade::proven, device_action, Where::where_known},
    {ProblemCode::device_size, Part::devices, Grade::proven,
     "the size of the device is cut to whole sectors, where no chunk has what is cut off"},
    {ProblemCode::device_bytes_used, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::sys_array, Part::blocks, Grade::proven, found_array_action, Where::where_known},
    {ProblemCode::chunk_item, Part::blocks, Grade::proven, found_array_action, Where::where_known},
    {ProblemCode::sys_array_differs, Part::superblock, Grade::proven, array_action},
    {ProblemCode::dev_extent_missing, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::dev_extent_unfounded, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::dev_extent_differs, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::dev_extent_bounds, Part::devices, Grade::proven, device_item_action, Where::where_known},
    {ProblemCode::block_group_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_unfounded, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_differs, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_profile, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_used, Part::space, Grade::proven, space_action},
    {ProblemCode::block_unreadable, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_checksum, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_bytenr, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_bytenr, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_fsid, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_fsid, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_generation, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_generation, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_level, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_level, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_owner, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_owner, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_first_key, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_not_written, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_not_written, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_lost, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_lost, Part::blocks, Grade::proven, lost_action, Where::where_known},
    {ProblemCode::block_lost, Part::blocks, Grade::guessed,
     "a leaf of files, checksums or roots has the items that are left in it, or those of its youngest older version",
     Where::where_known},
    {ProblemCode::block_lost, Part::blocks, Grade::lossy,
     "a block of files, checksums or roots goes, with what was in it; a node keeps the children that are known"},
    {ProblemCode::block_copies_differ, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_copy_items, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::block_flags, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::block_flags, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::node_nritems, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::node_pointer, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::node_key_order, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_empty, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_nritems, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_key_order, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_item_offset, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_item_offset, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::leaf_item_overlap, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::leaf_item_overlap, Part::blocks, Grade::proven, block_action, Where::where_known},
    {ProblemCode::item_size, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::item_orphaned, Part::missing_inodes, Grade::guessed, inode_action, Where::where_known},
    {ProblemCode::item_inode, Part::inode_items, Grade::proven,
     "what an inode can't say is set to what follows from its names, its other items and the leaf that it stands in",
     Where::where_known},
    {ProblemCode::item_inode, Part::second_names, Grade::guessed, second_action, Where::where_known},
    {ProblemCode::item_inode_ref, Part::names, Grade::proven, name_action, Where::where_known},
    {ProblemCode::item_inode_ref, Part::guessed_names, Grade::guessed, one_form_action, Where::where_known},
    {ProblemCode::item_inode_ref, Part::dropped_names, Grade::lossy, drop_action, Where::where_known},
    {ProblemCode::item_dir, Part::names, Grade::proven,
     "two of a name's three forms agree: the third is made from them; an extended attribute gets the fields that all "
     "have",
     Where::where_known},
    {ProblemCode::item_dir, Part::guessed_names, Grade::guessed, one_form_action, Where::where_known},
    {ProblemCode::item_dir, Part::dropped_names, Grade::lossy, drop_action, Where::where_known},
    {ProblemCode::item_dir_hash, Part::names, Grade::proven, "it is put where the hash of its name belongs"},
    {ProblemCode::item_file_extent, Part::extents, Grade::proven, lost_extent_action, Where::where_known},
    {ProblemCode::item_csum_overlap, Part::checksums, Grade::proven,
     "where both have the same checksums, the first ends where the second begins", Where::where_known},
    {ProblemCode::item_root, Part::root_items, Grade::proven,
     "the root block gets the generation of the change; what the root item can't say is cleared", Where::where_known},
    {ProblemCode::item_root_ref, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::item_extent, Part::extents, Grade::proven, extent_action},
    {ProblemCode::item_extent_inline_ref, Part::extents, Grade::proven, extent_action},
    {ProblemCode::item_extent_overlap, Part::extents, Grade::proven, extent_action},
    {ProblemCode::item_extent_ref, Part::extents, Grade::proven, extent_action},
    {ProblemCode::item_block_group, Part::extents, Grade::proven, extent_action},
    {ProblemCode::item_free_space, Part::space, Grade::proven, space_action},
    {ProblemCode::item_dev, Part::devices, Grade::proven, device_item_action, Where::where_known},
    {ProblemCode::item_dev_extent, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::root_unreadable, Part::blocks, Grade::proven,
     "any root of that tree that is found becomes its root, the tree is made anew, and the extent tree with it",
     Where::derived_trees},
    {ProblemCode::root_unreadable, Part::blocks, Grade::guessed, root_action, Where::where_known},
    {ProblemCode::data_csum_missing, Part::missing_checksums, Grade::guessed,
     "checksums are made of the data as it is now, if all copies of it are alike"},
    {ProblemCode::extent_missing, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_unreferenced, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_ref_missing, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_ref_unfounded, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_ref_count, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_ref_alone, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_owner, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_differs, Part::extents, Grade::proven, extent_action},
    {ProblemCode::extent_place, Part::extents, Grade::proven, extent_action, Where::derived_trees},
    {ProblemCode::free_space_info_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_unfounded, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_count, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_used, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_split, Part::space, Grade::proven, space_action},
    {ProblemCode::csum_unfounded, Part::checksums, Grade::proven, "checksums of what no extent holds go"},
    {ProblemCode::item_misplaced, Part::derived_tree, Grade::proven, tree_action, Where::derived_trees},
    {ProblemCode::item_misplaced, Part::astray_items, Grade::proven,
     "the only key with one other bit that the item can have there is its key", Where::where_known},
    {ProblemCode::item_misplaced, Part::dropped_items, Grade::lossy, "an item that its tree can't have goes"},
    {ProblemCode::inode_missing, Part::names, Grade::proven,
     "an entry that leads to no inode goes where the other two forms of the name lead elsewhere", Where::where_known},
    {ProblemCode::inode_missing, Part::missing_inodes, Grade::guessed, inode_action, Where::where_known},
    {ProblemCode::inode_missing, Part::dropped_names, Grade::lossy, "an entry that leads to no inode goes",
     Where::where_known},
    {ProblemCode::inode_links, Part::inodes, Grade::proven, "the link count is the number of names",
     Where::where_known},
    {ProblemCode::inode_links, Part::lost_inodes, Grade::proven,
     "an inode that had names and has none any more gets one in lost+found", Where::where_known},
    {ProblemCode::inode_links, Part::second_names, Grade::guessed, second_action, Where::where_known},
    {ProblemCode::inode_bytes, Part::inodes, Grade::proven, "nbytes is the sum of the file's extents"},
    {ProblemCode::inode_size, Part::inodes, Grade::proven,
     "the size is that of the names in the directory, or of the symlink's target"},
    {ProblemCode::inode_hole, Part::extents, Grade::proven, lost_extent_action, Where::where_known},
    {ProblemCode::inode_hole, Part::lost_data, Grade::lossy, "what the file has lost is a hole, and reads as zeros"},
    {ProblemCode::inode_flags, Part::inodes, Grade::proven, "a symlink can't be immutable nor only be appended to"},
    {ProblemCode::inode_generation, Part::inode_items, Grade::proven,
     "a file extent has the generation of its extent item; without one, nothing is newer than its leaf"},
    {ProblemCode::orphan_missing, Part::orphans, Grade::proven,
     "an orphan item says that the inode waits to be deleted"},
    {ProblemCode::dir_item_missing, Part::names, Grade::proven, name_action, Where::where_known},
    {ProblemCode::dir_item_missing, Part::guessed_names, Grade::guessed, one_form_action, Where::where_known},
    {ProblemCode::dir_item_missing, Part::dropped_names, Grade::lossy, drop_action, Where::where_known},
    {ProblemCode::dir_index_missing, Part::names, Grade::proven, name_action, Where::where_known},
    {ProblemCode::dir_index_missing, Part::guessed_names, Grade::guessed, one_form_action, Where::where_known},
    {ProblemCode::dir_index_missing, Part::dropped_names, Grade::lossy, drop_action, Where::where_known},
    {ProblemCode::dir_index_differs, Part::names, Grade::proven,
     "the inode's reference gets the index under which the entry stands", Where::where_known},
    {ProblemCode::inode_ref_missing, Part::names, Grade::proven, name_action, Where::where_known},
    {ProblemCode::inode_ref_missing, Part::guessed_names, Grade::guessed, one_form_action, Where::where_known},
    {ProblemCode::inode_ref_missing, Part::dropped_names, Grade::lossy, drop_action, Where::where_known},
    {ProblemCode::dir_entry_type, Part::names, Grade::proven,
     "inode and entries get the type that most of them have and that fits what the inode holds", Where::where_known},
    {ProblemCode::dir_name_twice, Part::names, Grade::proven, "an index that the inode does not know goes",
     Where::where_known},
    {ProblemCode::root_dir, Part::names, Grade::proven,
     "a top directory is a directory, and refers to itself as \"..\"", Where::where_known},
    {ProblemCode::root_dir, Part::top_directories, Grade::guessed,
     "a top directory of which nothing is left is made anew"},
    {ProblemCode::inode_cache, Part::inode_cache, Grade::proven,
     "nothing reads it: its items go, and its extents with them"},
    {ProblemCode::root_ref_missing, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_ref_missing, Part::lost_subvolumes, Grade::proven,
     "a subvolume that nothing names gets a name in lost+found", Where::where_known},
    {ProblemCode::root_backref_missing, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_ref_differs, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_entry_missing, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_entry_missing, Part::moved_subvolumes, Grade::guessed,
     "a subvolume whose directory is lost, or whose place something else has, gets a name in lost+found",
     Where::where_known},
    {ProblemCode::root_entry_unfounded, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_entry_unfounded, Part::dropped_entries, Grade::lossy,
     "an entry that leads to a subvolume of which nothing is left goes", Where::where_known},
    {ProblemCode::root_refs, Part::subvolumes, Grade::proven, subvolume_action, Where::where_known},
    {ProblemCode::root_orphan_missing, Part::orphans, Grade::guessed,
     "an orphan item says that the subvolume waits to be deleted: the next mount deletes it"},
    {ProblemCode::root_received_writable, Part::subvolume_choices, Grade::guessed,
     "the subvolume forgets that it was received, for it may have changed since"},
    {ProblemCode::root_default, Part::subvolume_choices, Grade::guessed,
     "the top-level subvolume becomes the default one"},
    {ProblemCode::uuid_missing, Part::uuid_tree, Grade::proven, uuid_action},
    {ProblemCode::uuid_unfounded, Part::uuid_tree, Grade::proven, uuid_action},
    {ProblemCode::qgroup_count, Part::quota, Grade::proven, "the numbers are those that were counted"},
    {ProblemCode::qgroup_missing, Part::quota, Grade::proven,
     "the items that are missing are made; with full quotas the next rescan counts anew", Where::where_known},
    {ProblemCode::qgroup_relation, Part::quota, Grade::proven,
     "a relation of groups that are there gets its other direction; others go"},
});

/// What is done about whatever is wrong in a log that is dropped.
inline constexpr RepairRow log_row = {ProblemCode::log_present, Part::blocks, Grade::lossy,
                                      "the log goes, and with it what was synced since the last commit"};

/// What is done about items of the directory in the root tree where nothing surer is.
inline constexpr RepairRow root_directory_row = {
    ProblemCode::item_dir, Part::root_directory, Grade::guessed,
    "the root tree's directory is made anew, with the default subvolume that it had if that can be read"};

/// What is done about files and names of a subvolume that is being deleted anyway.
inline constexpr RepairRow deletion_row = {
    ProblemCode::root_dropping, Part::deletions, Grade::proven,
    "the subvolume is being deleted, as was asked for: that is brought to its end"};

/// What is done where there is no root item of the tree that balances put data of files into for a while.
inline constexpr RepairRow data_reloc_row = {ProblemCode::root_unreadable, Part::data_reloc_tree, Grade::proven,
                                             "the tree holds nothing while no balance runs: it is made anew"};

static_assert(std::ranges::is_sorted(repair_table, {}, &RepairRow::code));

/// Of a finding in that tree, as far as it is in one; of several rows the surest. Null: it is left as it is.
constexpr const RepairRow* find_repair(ProblemCode code, std::optional<u64> tree) {
    const bool is_in_derived = tree && is_derived_tree(*tree);
    const RepairRow* found = nullptr;
    for (const auto& row : std::ranges::equal_range(repair_table, code, {}, &RepairRow::code)) {
        if (row.where == Where::derived_trees ? is_in_derived : found == nullptr) {
            found = &row;
        }
    }
    return found;
}

/// The next row of the same code, which does more or is less sure; null: there is none.
constexpr const RepairRow* next_repair(const RepairRow& row) {
    const auto* next = &row + 1;
    const bool is_there = next != repair_table.data() + repair_table.size() && next->code == row.code;
    return is_there && next->where != Where::derived_trees ? next : nullptr;
}

/// Behind the code that it limits; empty: nothing does.
constexpr std::string_view where_text(Where where) {
    switch (where) {
    case Where::derived_trees: return ", in a tree that follows from others";
    case Where::where_known: return ", where something else tells what was there";
    case Where::anywhere: break;
    }
    return "";
}

constexpr std::string_view grade_word(Grade grade) {
    switch (grade) {
    case Grade::proven: return "proven";
    case Grade::guessed: return "guessed";
    case Grade::lossy: break;
    }
    return "lossy";
}

} // namespace btrkit::repair
