// SPDX-License-Identifier: MIT
// The trees that take a leaf or little more: data relocation, uuids, quota groups.
#pragma once

#include "libfs/ops/mkfs/files/file_filler.h"

namespace btrkit::mkfs {

/// The uuid of a file tree of the new filesystem.
btrfs::Uuid subvolume_uuid(const Parameters& parameters, u64 tree);

Result<BuiltTree> build_data_reloc_tree(const Parameters& parameters, BlockSink& sink);
Result<BuiltTree> build_uuid_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink);
/// A quota group for each file tree, with what it occupies.
Result<BuiltTree> build_quota_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink);

/// The inode of a tree's top directory that nobody sees.
btrfs::InodeItem internal_directory(const Parameters& parameters, u64 nbytes);

} // namespace btrkit::mkfs
