// SPDX-License-Identifier: MIT
// The four checksums, the hashes of fs-verity, and the crc32c hashes that names and references are keyed by.
#pragma once

#include "formats/btrfs/csum.h"
#include "formats/btrfs/tree_block.h"
#include "formats/btrfs/verity.h"
#include "libfs/base/bytes.h"

namespace btrkit {

/// The checksum of bytes as it stands on disk; bytes behind the algorithm's size are zero. Thread-safe.
btrfs::CsumBytes checksum(btrfs::CsumType type, Bytes bytes);

/// Whether bytes have the stored checksum; only the algorithm's own size is compared.
bool checksum_matches(btrfs::CsumType type, Bytes bytes, const btrfs::CsumBytes& stored);

/// As FsverityDescriptor::root_hash.
using FsverityHashBytes = decltype(btrfs::FsverityDescriptor::root_hash);

/// The hash of both, one behind the other; bytes behind the algorithm's size are zero. Thread-safe.
FsverityHashBytes fsverity_hash(btrfs::FsverityHash hash, Bytes padded_salt, Bytes block);

/// crc32c without inversion at either end: the form that all hashes below are made of.
u32 crc32c_raw(u32 seed, Bytes bytes);

/// Key offset of DIR_ITEM and XATTR_ITEM.
u64 name_hash(Bytes name);
/// Key offset of INODE_EXTREF.
u64 extref_hash(u64 parent, Bytes name);
/// Key offset of EXTENT_DATA_REF, and what orders inline data references.
u64 extent_data_ref_hash(u64 root, u64 objectid, u64 offset);

} // namespace btrkit
