// SPDX-License-Identifier: MIT
// What a repair does about each finding, in one table: the plan, its texts and docs/repair.md derive from it. A finding
// without a row is left as it is, and said to be.
#pragma once

#include "libfs/base/problem_catalogue.h"

#include <algorithm>

namespace btrkit::repair {

/// How sure it is that what is written is what was there.
enum class Grade : unsigned char {
    proven,  ///< it follows from what else is there
    guessed, ///< it is probable
    lossy,   ///< something goes
};

/// Which part of the filesystem is put right; in the order in which it is done.
enum class Part : unsigned char {
    superblock,
    devices,
    uuid_tree,
    orphans,
    names,       ///< of files
    inode_items, ///< what an inode's own items say
    inodes,      ///< what follows from all items of an inode
    lost_inodes, ///< that have no name
    subvolumes,  ///< where they stand
    lost_subvolumes,
    inode_cache, ///< of old kernels
    checksums,   ///< of data
    quota,
    space, ///< the last that is put, for it speaks of what all extents have
};

struct RepairRow {
    ProblemCode code;
    Part part;
    Grade grade;
    std::string_view action; ///< as in "will be ..."
    /// Others with that code are left as they are, or are the next row's: what is proven of some may lose others.
    bool is_for_some = false;
};

inline constexpr std::string_view space_action = "block groups and the free space tree are made anew from the extents";
inline constexpr std::string_view chunk_action =
    "device extents and used bytes of devices are made anew from the chunks";
inline constexpr std::string_view array_action = "the array of system chunks is made anew from the chunk tree";
inline constexpr std::string_view mirror_action = "the commit writes all mirrors anew";
inline constexpr std::string_view name_action =
    "two of a name's three forms (DIR_ITEM, DIR_INDEX, the inode's reference) agree: the third is made from them";
inline constexpr std::string_view subvolume_action =
    "ROOT_REF, ROOT_BACKREF, DIR_ITEM, DIR_INDEX and the count of a subvolume say what most of them say";
inline constexpr std::string_view uuid_action = "the uuid tree is made anew from the root items";

inline constexpr auto repair_table = std::to_array<RepairRow>({
    {ProblemCode::super_value, Part::superblock, Grade::proven,
     "fields of the superblock that follow from others are set to what they must be"},
    {ProblemCode::super_mirror_invalid, Part::superblock, Grade::proven, mirror_action},
    {ProblemCode::super_mirror_differs, Part::superblock, Grade::proven, mirror_action},
    {ProblemCode::super_total_bytes, Part::devices, Grade::proven, "total_bytes is the sum of the device items"},
    {ProblemCode::super_bytes_used, Part::space, Grade::proven, "bytes_used is the sum of the extents"},
    {ProblemCode::super_num_devices, Part::devices, Grade::proven, "num_devices is the number of device items"},
    {ProblemCode::device_size, Part::devices, Grade::proven,
     "the size of the device is cut to whole sectors, where no chunk has what is cut off"},
    {ProblemCode::device_bytes_used, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::sys_array_differs, Part::superblock, Grade::proven, array_action},
    {ProblemCode::dev_extent_missing, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::dev_extent_unfounded, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::dev_extent_differs, Part::devices, Grade::proven, chunk_action},
    {ProblemCode::block_group_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_unfounded, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_differs, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_profile, Part::space, Grade::proven, space_action},
    {ProblemCode::block_group_used, Part::space, Grade::proven, space_action},
    {ProblemCode::item_inode, Part::inode_items, Grade::proven,
     "what an inode can't say is set to what follows from its names, its other items and the leaf that it stands in",
     true},
    {ProblemCode::item_inode_ref, Part::names, Grade::proven, name_action, true},
    {ProblemCode::item_dir, Part::names, Grade::proven,
     "two of a name's three forms agree: the third is made from them; an extended attribute gets the fields that all "
     "have",
     true},
    {ProblemCode::item_dir_hash, Part::names, Grade::proven, "it is put where the hash of its name belongs"},
    {ProblemCode::item_csum_overlap, Part::checksums, Grade::proven,
     "where both have the same checksums, the first ends where the second begins", true},
    {ProblemCode::item_root_ref, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::item_free_space, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_info_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_unfounded, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_count, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_missing, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_used, Part::space, Grade::proven, space_action},
    {ProblemCode::free_space_split, Part::space, Grade::proven, space_action},
    {ProblemCode::csum_unfounded, Part::checksums, Grade::proven, "checksums of what no extent holds go"},
    {ProblemCode::inode_missing, Part::names, Grade::proven,
     "an entry that leads to no inode goes where the other two forms of the name lead elsewhere", true},
    {ProblemCode::inode_links, Part::inodes, Grade::proven, "the link count is the number of names", true},
    {ProblemCode::inode_links, Part::lost_inodes, Grade::proven,
     "an inode that had names and has none any more gets one in lost+found", true},
    {ProblemCode::inode_bytes, Part::inodes, Grade::proven, "nbytes is the sum of the file's extents"},
    {ProblemCode::inode_size, Part::inodes, Grade::proven,
     "the size is that of the names in the directory, or of the symlink's target"},
    {ProblemCode::inode_flags, Part::inodes, Grade::proven, "a symlink can't be immutable nor only be appended to"},
    {ProblemCode::inode_generation, Part::inode_items, Grade::proven,
     "a file extent has the generation of its extent item; without one, nothing is newer than its leaf"},
    {ProblemCode::orphan_missing, Part::orphans, Grade::proven,
     "an orphan item says that the inode waits to be deleted"},
    {ProblemCode::dir_item_missing, Part::names, Grade::proven, name_action, true},
    {ProblemCode::dir_index_missing, Part::names, Grade::proven, name_action, true},
    {ProblemCode::dir_index_differs, Part::names, Grade::proven,
     "the inode's reference gets the index under which the entry stands", true},
    {ProblemCode::inode_ref_missing, Part::names, Grade::proven, name_action, true},
    {ProblemCode::dir_entry_type, Part::names, Grade::proven,
     "inode and entries get the type that most of them have and that fits what the inode holds", true},
    {ProblemCode::dir_name_twice, Part::names, Grade::proven, "an index that the inode does not know goes", true},
    {ProblemCode::inode_cache, Part::inode_cache, Grade::proven,
     "nothing reads it: its items go, and its extents with them"},
    {ProblemCode::root_ref_missing, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_ref_missing, Part::lost_subvolumes, Grade::proven,
     "a subvolume that nothing names gets a name in lost+found", true},
    {ProblemCode::root_backref_missing, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_ref_differs, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_entry_missing, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_entry_unfounded, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_refs, Part::subvolumes, Grade::proven, subvolume_action, true},
    {ProblemCode::root_orphan_missing, Part::orphans, Grade::guessed,
     "an orphan item says that the subvolume waits to be deleted: the next mount deletes it"},
    {ProblemCode::uuid_missing, Part::uuid_tree, Grade::proven, uuid_action},
    {ProblemCode::uuid_unfounded, Part::uuid_tree, Grade::proven, uuid_action},
    {ProblemCode::qgroup_count, Part::quota, Grade::proven, "the numbers are those that were counted"},
    {ProblemCode::qgroup_missing, Part::quota, Grade::proven,
     "the items that are missing are made; with full quotas the next rescan counts anew", true},
    {ProblemCode::qgroup_relation, Part::quota, Grade::proven,
     "a relation of groups that are there gets its other direction; others go"},
});

static_assert(std::ranges::is_sorted(repair_table, {}, &RepairRow::code));

/// The surest row of it; null: it is left as it is.
constexpr const RepairRow* find_repair(ProblemCode code) {
    const auto found = std::ranges::lower_bound(repair_table, code, {}, &RepairRow::code);
    return found != repair_table.end() && found->code == code ? &*found : nullptr;
}

/// The next row of the same code, which does more and is less sure; null: there is none.
constexpr const RepairRow* next_repair(const RepairRow& row) {
    const auto* next = &row + 1;
    return next != repair_table.data() + repair_table.size() && next->code == row.code ? next : nullptr;
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
