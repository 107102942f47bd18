// SPDX-License-Identifier: MIT
// The property btrfs.compression, and the flags that follow from compression.
#pragma once

#include "libfs/fs/compression.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"

namespace btrkit {

/// Whether data of the inode, or of what is made in it, can be compressed: a file or directory with copy on write.
bool takes_compression(const Inode& inode);

/// Whether the value is one that kernels take: one that begins with an algorithm, or none, no or nothing.
bool is_compression_property(std::string_view value);

/// Whether what is made in a directory with that value gets it, too. With none it gets the flag alone, as from kernels.
bool is_inherited_property(std::string_view value);

/// An inode's flags once it has the property with that value.
u64 flags_with_compression(u64 flags, std::string_view value);

/// How data is to be compressed that is written to an inode with these flags and that property, where it would be
/// `otherwise` without both.
CompressionMethod compression_of(u64 flags, std::string_view property, CompressionMethod otherwise);

/// The incompatible feature that whoever reads such data must know.
u64 incompat_of(btrfs::Compression compression);

} // namespace btrkit
