// SPDX-License-Identifier: MIT
// File extents: where the bytes of a file are.
#pragma once

#include "formats/btrfs/fields.h"

namespace btrfs {

enum class FileExtentType : u8 { inline_data = 0, regular = 1, prealloc = 2 };
inline constexpr std::array<std::string_view, 3> file_extent_type_names = {"inline", "regular", "prealloc"};

enum class Compression : u8 { none = 0, zlib = 1, lzo = 2, zstd = 3 };
inline constexpr std::array<std::string_view, 4> compression_names = {"none", "zlib", "lzo", "zstd"};

/// The head of every EXTENT_DATA, key (inode, 108, file offset); an inline extent's bytes follow at once.
struct FileExtentHead {
    le64 generation;
    le64 ram_bytes; ///< uncompressed bytes of the whole extent
    u8 compression{};
    u8 encryption{};
    le16 other_encoding;
    u8 type{};
};
template <>
inline constexpr auto fields_of<FileExtentHead> = FieldList{
    Field{"generation", &FileExtentHead::generation},         Field{"ram_bytes", &FileExtentHead::ram_bytes},
    Field{"compression", &FileExtentHead::compression},       Field{"encryption", &FileExtentHead::encryption},
    Field{"other_encoding", &FileExtentHead::other_encoding}, Field{"type", &FileExtentHead::type},
};
static_assert(layout_is<FileExtentHead>(21));

/// What follows the head of a regular or preallocated extent.
struct FileExtentRange {
    le64 disk_bytenr; ///< logical address of the extent; 0: a hole
    le64 disk_num_bytes;
    le64 offset; ///< where in the uncompressed extent this range begins
    le64 num_bytes;
};
template <>
inline constexpr auto fields_of<FileExtentRange> = FieldList{
    Field{"disk_bytenr", &FileExtentRange::disk_bytenr},
    Field{"disk_num_bytes", &FileExtentRange::disk_num_bytes},
    Field{"offset", &FileExtentRange::offset},
    Field{"num_bytes", &FileExtentRange::num_bytes},
};
static_assert(layout_is<FileExtentRange>(32));

inline constexpr std::size_t file_extent_item_size = sizeof(FileExtentHead) + sizeof(FileExtentRange);

} // namespace btrfs
