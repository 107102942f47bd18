// SPDX-License-Identifier: MIT
// What frames a send stream: its header, the headers of commands and attributes, and the limits of all three versions.
//
// A stream is a StreamHeader and commands, the last of which is `end`. A command is a CommandHeader and its payload:
// attributes, each an AttributeHeader and a value. From version 2 on the value of DATA runs to the end of its command,
// and nothing but its type stands before it (see data_has_length).
//
// Facts: Linux fs/btrfs/send.h, and streams that a 6.18 kernel made.
#pragma once

#include "formats/btrfs/fields.h"

#include <array>

namespace btrfs::send {

inline constexpr u32 oldest_version = 1;
inline constexpr u32 newest_version = 3;
/// The newest that kernels send and receivers take unless they were built with experimental features.
inline constexpr u32 newest_settled_version = 2;

constexpr bool is_known_version(u32 version) {
    return oldest_version <= version && version <= newest_version;
}

inline constexpr std::array<u8, 13> stream_magic = {'b', 't', 'r', 'f', 's', '-', 's', 't', 'r', 'e', 'a', 'm', 0};

struct StreamHeader {
    std::array<u8, stream_magic.size()> magic{};
    le32 version;
};

/// length_bytes is that of the payload alone. crc is crc32c over this header with crc 0, and the payload: with seed 0
/// and no inversion at either end, unlike crc32c everywhere else.
struct CommandHeader {
    le32 length_bytes;
    le16 command;
    le32 crc;
};

struct AttributeHeader {
    le16 type;
    le16 length_bytes;
};

} // namespace btrfs::send

namespace btrfs {

template <>
inline constexpr auto fields_of<send::StreamHeader> =
    FieldList{Field{"magic", &send::StreamHeader::magic}, Field{"version", &send::StreamHeader::version}};
static_assert(layout_is<send::StreamHeader>(17));

template <>
inline constexpr auto fields_of<send::CommandHeader> = FieldList{
    Field{"length", &send::CommandHeader::length_bytes},
    Field{"command", &send::CommandHeader::command},
    Field{"crc", &send::CommandHeader::crc},
};
static_assert(layout_is<send::CommandHeader>(10));

template <>
inline constexpr auto fields_of<send::AttributeHeader> =
    FieldList{Field{"type", &send::AttributeHeader::type}, Field{"length", &send::AttributeHeader::length_bytes}};
static_assert(layout_is<send::AttributeHeader>(4));

} // namespace btrfs

namespace btrfs::send {

/// Whether the value of DATA has a length of its own in streams of this version.
constexpr bool data_has_length(u32 version) {
    return version < 2;
}

/// The most that the kernel puts into one command, its header included: the size of the buffer that it is made in.
constexpr u32 max_command_bytes(u32 version) {
    return version < 2 ? 64U << 10 : (16U + 128U) << 10;
}

/// How much file data the kernel puts into one WRITE; an extent's last one may have less. It cuts files at multiples
/// of this from where an extent begins.
constexpr u32 write_data_bytes(u32 version) {
    return version < 2 ? 48U << 10 : 128U << 10;
}

/// What COMPRESSION of ENCODED_WRITE says; 3 to 7 are lzo with sectors of 4 KiB to 64 KiB.
enum class EncodedCompression : u32 { none = 0, zlib = 1, zstd = 2, lzo_4k = 3, lzo_64k = 7 };

} // namespace btrfs::send
