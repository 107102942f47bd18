// SPDX-License-Identifier: MIT
// The phases of a check, in their order (check.cpp). Each scans trees of its own and holds what it finds against what
// those before it have learnt; a phase says which of them it needs. None writes anything.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the chunk tree and the device tree and holds them against each other, the superblocks and the devices. Needs
/// nothing of other checks; sets space.chunks_complete. What follows from a device that was not given, or from a block
/// that is lost, is not told.
void check_devices(Context& context);

/// Scans the root tree and fills context.roots. Finds items that can't stand there, trees that every filesystem (or one
/// with these features) must have but this one has not, what a balance or a relocation left behind, and the abandoned
/// inode number cache. Subvolumes are check_subvolumes()'s matter.
void check_root_tree(Context& context);

/// Scans the extent tree: every extent by itself, its count of references, the kind of its block group, and that
/// extents don't overlap. Fills context.space (but for data_without_csum) and the flags of tree blocks, and takes what
/// is recorded away from context.references.
void scan_extent_tree(Context& context);

/// Scans the block group tree, where there is one, and holds context.space.block_groups against the chunks, against the
/// bytes that extents occupy, and those against the superblock. After the extent tree and check_devices().
void check_block_groups(Context& context);

/// Scans the checksum tree; compares what it covers with the data that the extent tree knows. Fills
/// context.space.data_without_csum. Needs scan_extent_tree().
void check_csum_tree(Context& context);

/// Scans the free space tree, or reads the old caches where the kernel would trust them. After the extent tree.
void check_free_space(Context& context);

/// Nothing where the filesystem has no raid stripe tree. After the extent tree and the checksum tree: data without
/// checksums may have been reserved only, and gets its stripes when it is written.
void check_raid_stripes(Context& context);

/// Scans all trees that hold files (subvolumes, relocation trees, the data relocation tree): every distinct block once,
/// whatever number of snapshots shares it.
void check_file_trees(Context& context);

/// After check_root_tree() and the file trees. References between subvolumes in both directions, their directory
/// entries, reference counts, orphan items, root blocks, the default subvolume, received uuids, and the uuid tree
/// (which is scanned here).
void check_subvolumes(Context& context);

/// After check_root_tree(). Whether each reference to a subvolume has its DIR_ITEM and DIR_INDEX, and these lead to
/// that subvolume.
void check_subvolume_entries(Context& context);

/// After check_root_tree(). Scans the uuid tree, if there is one. Where it is older than the filesystem the kernel will
/// look through it anyway: then what is wrong with it is one note.
void check_uuid_tree(Context& context);

/// After check_root_tree(). Scans the quota tree and, where its numbers claim to be right (or options.qgroups_only asks
/// for them), counts what each group should have. Returns all groups in order of their ids; counted_* are zero where
/// nothing was counted.
std::vector<QgroupCount> check_quota(Context& context);

/// Scans the trees that no other part has come to, so that every block of every tree was seen.
void check_other_trees(Context& context);

/// Reports every extent about which the trees and the extent tree disagree. Costs nothing where they agree. Memory is
/// bounded by RunContext::memory_bytes: the buckets that differ are looked at in as many passes as that takes.
void check_references(Context& context);

/// After check_root_tree(). Reads every log that waits to be replayed: its blocks, its items, and whether the data that
/// it brings has checksums.
void check_log(Context& context);

/// Reads all copies of all data that has checksums, chunk by chunk and copy by copy. Copies on missing devices are
/// passed over, and so is what parity could rebuild. Returns the bytes that it has read. Needs check_csum_tree().
u64 check_data(Context& context);

} // namespace btrkit::check
