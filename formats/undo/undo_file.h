// SPDX-License-Identifier: MIT
// What stands in an undo file: what one change of a filesystem has overwritten, and where it put tree blocks.
//
// An undo file is a FileStart and records: identity first, then pre-images, superblocks and born blocks in any order,
// then `end`, and nothing behind it. A record is a RecordHead, its body, and its link. Hashes are xxHash64: that of a
// head has the link of the record before as its seed (the first one: the hash of the FileStart, with seed 0), and the
// link is the hash of the body with the hash of the head as its seed. So no byte can change, no record be lost, doubled
// or moved, without the chain breaking; and a file without `end` was never promised. docs/undo.md says what is done
// with it.
#pragma once

#include "formats/btrfs/superblock.h"

namespace btrkit::undo_format {

using btrfs::le32;
using btrfs::le64;
using btrfs::u32;
using btrfs::u64;
using btrfs::u8;

inline constexpr std::array<u8, 8> file_magic = {'b', 't', 'r', 'k', 'u', 'n', 'd', 'o'};
inline constexpr u32 file_version = 1;

struct FileStart {
    std::array<u8, file_magic.size()> magic{};
    le32 version;
    le32 reserved; ///< 0
};

enum class RecordKind : u32 {
    identity = 1,   ///< Identity, then a DeviceEntry for each device
    pre_image = 2,  ///< BytesAt, then the bytes that stood there
    superblock = 3, ///< BytesAt, then what stood there, then what the change puts there: 4096 bytes each
    born = 4,       ///< BornEntry, many
    end = 5,        ///< End
};

struct RecordHead {
    le32 kind;
    le32 length_bytes; ///< of the body
    le32 hash;         ///< the low half of the hash of what stands before it: so a length is known not to be rot
};

using Link = le64;

/// Bodies are no longer: what reads needs no more memory than this.
inline constexpr u32 max_body_bytes = u32{1} << 20;
/// A filesystem of more devices has no undo file.
inline constexpr u32 max_device_count = 1024;

struct Identity {
    btrfs::Uuid fsid;
    btrfs::Uuid tree_fsid; ///< what tree blocks carry: the metadata_uuid where there is one
    le64 old_generation;
    le64 new_generation; ///< of the superblocks that the change writes
    le32 device_count;
    le32 reserved; ///< 0
};

struct DeviceEntry {
    le64 devid;
    btrfs::Uuid uuid;
    le64 size_bytes; ///< of the file or block device
};

struct BytesAt {
    le64 devid;
    le64 offset; ///< on the device
};

/// One copy of a tree block that did not exist before the change.
struct BornEntry {
    le64 devid;
    le64 offset;  ///< on the device
    le64 address; ///< with the generation: what its header says
    le64 generation;
    le32 length_bytes;
    le32 reserved; ///< 0
};

struct End {
    le64 record_count; ///< of those before it
    le64 pre_image_bytes;
    le64 born_count;
};

static_assert(sizeof(FileStart) == 16 && sizeof(RecordHead) == 12 && sizeof(Identity) == 56);
static_assert(sizeof(DeviceEntry) == 32 && sizeof(BytesAt) == 16 && sizeof(BornEntry) == 40 && sizeof(End) == 24);
static_assert(alignof(Identity) == 1 && alignof(BornEntry) == 1 && alignof(End) == 1);

} // namespace btrkit::undo_format
