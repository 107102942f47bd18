// SPDX-License-Identifier: MIT
// What stands in a dump of a filesystem's metadata: bytes, and the places of devices where they belong.
//
// A dump is a FileStart, a DeviceEntry for each device, and pieces; the last of them is `end`, and nothing stands
// behind it. A piece is a PieceHead and its body. The body of `bytes` is a frame of zstd; unpacked it is records, one
// behind the other: a RecordHead, its Places, its bytes. The checks are crc32c (without inversion), each with the one
// before it as its seed: so no byte can change, and no piece be lost, doubled or moved, without the chain breaking.
#pragma once

#include "formats/btrfs/superblock.h"

namespace btrkit::dump_format {

using btrfs::le32;
using btrfs::le64;
using btrfs::u32;
using btrfs::u64;
using btrfs::u8;

inline constexpr std::array<u8, 8> file_magic = {'b', 't', 'r', 'k', 'd', 'u', 'm', 'p'};
inline constexpr u32 file_version = 1;

/// What was left out.
enum class Privacy : u32 {
    contents = 0, ///< what small files hold, and whatever stands in blocks beside their items
    names = 1,    ///< that, and names, targets of symlinks, values of attributes, labels
    nothing = 2,
};

struct FileStart {
    std::array<u8, file_magic.size()> magic{};
    le32 version;
    le32 privacy;
    btrfs::Uuid fsid;
    le64 generation;
    le32 device_count;
    le32 check; ///< of all before it and of the DeviceEntries
};

struct DeviceEntry {
    le64 devid;
    btrfs::Uuid uuid;
    le64 size_bytes;
};

enum class PieceKind : u32 {
    bytes = 1, ///< a frame of zstd
    end = 2,   ///< End
};

struct PieceHead {
    le32 kind;
    le32 stored_bytes; ///< of the body
    le32 plain_bytes;  ///< of the body unpacked
    le32 check;        ///< of what stands before it in the head, and of the body
};

/// Bodies of pieces are no longer, packed or unpacked: what reads needs no more memory than this.
inline constexpr u32 max_plain_bytes = u32{4} << 20;
inline constexpr u32 max_stored_bytes = max_plain_bytes + (u32{64} << 10);
inline constexpr u32 max_device_count = 1024;

struct RecordHead {
    le32 length_bytes; ///< of the bytes; from 1 to max_record_bytes
    le32 place_count;  ///< from 1 to max_place_count
};

inline constexpr u32 max_record_bytes = u32{64} << 10;
inline constexpr u32 max_place_count = 256;

/// Where a part of the bytes stands on a device.
struct RecordPlace {
    le64 devid;
    le64 offset; ///< on the device
    le32 from;   ///< in the bytes
    le32 length_bytes;
};

struct End {
    le64 record_count;
    le64 placed_bytes; ///< the sum of the lengths of all places
};

static_assert(sizeof(FileStart) == 48 && sizeof(DeviceEntry) == 32 && sizeof(PieceHead) == 16);
static_assert(sizeof(RecordHead) == 8 && sizeof(RecordPlace) == 24 && sizeof(End) == 16);
static_assert(alignof(FileStart) == 1 && alignof(RecordPlace) == 1 && alignof(End) == 1);

} // namespace btrkit::dump_format
