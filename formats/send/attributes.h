// SPDX-License-Identifier: MIT
// The one table of attributes: what values commands are made of.
//
// Facts: Linux fs/btrfs/send.h for numbers and types; fs/btrfs/send.c, include/uapi/linux/{limits,xattr,fsverity}.h for
// what fits. An attribute's own length field holds no more than 65535.
#pragma once

#include "formats/btrfs/inode.h"
#include "formats/btrfs/uuid.h"
#include "formats/btrfs/verity.h"

#include <limits>
#include <string_view>

namespace btrfs::send {

/// Attributes by their number in the stream: never change.
enum class Attribute : u16 {
    none = 0,
    uuid = 1,
    ctransid = 2,
    ino = 3,
    size = 4,
    mode = 5,
    uid = 6,
    gid = 7,
    rdev = 8,
    ctime = 9,
    mtime = 10,
    atime = 11,
    otime = 12,
    xattr_name = 13,
    xattr_data = 14,
    path = 15,
    path_to = 16,
    path_link = 17,
    file_offset = 18,
    data = 19,
    clone_uuid = 20,
    clone_ctransid = 21,
    clone_path = 22,
    clone_offset = 23,
    clone_len = 24,
    fallocate_mode = 25,
    fileattr = 26,
    unencoded_file_len = 27,
    unencoded_len = 28,
    unencoded_offset = 29,
    compression = 30,
    encryption = 31,
    verity_algorithm = 32,
    verity_block_size = 33,
    verity_salt_data = 34,
    verity_sig_data = 35,
};

enum class ValueKind : u8 {
    integer,  ///< little-endian and unsigned, as wide as the row says
    uuid,     ///< Uuid
    timespec, ///< Timespec
    text,     ///< a path or name: any bytes but NUL, which also does not end it; for path_link see link_target()
    data,     ///< any bytes
};

struct AttributeInfo {
    Attribute attribute;
    std::string_view name;
    ValueKind kind;
    u32 min_bytes;
    u32 max_bytes;
    u32 since_version = 1;
};

/// Of any path in a stream, which the kernel keeps with its NUL in PATH_MAX bytes; and of a symbolic link's target.
inline constexpr u32 max_path_bytes = 4095;
inline constexpr u32 max_data_bytes = 128U << 10;

namespace detail {

constexpr AttributeInfo integer(Attribute attribute, std::string_view name, u32 bytes, u32 since_version = 1) {
    return {attribute, name, ValueKind::integer, bytes, bytes, since_version};
}
constexpr AttributeInfo time(Attribute attribute, std::string_view name) {
    return {attribute, name, ValueKind::timespec, sizeof(Timespec), sizeof(Timespec)};
}
constexpr AttributeInfo uuid(Attribute attribute, std::string_view name) {
    return {attribute, name, ValueKind::uuid, sizeof(Uuid), sizeof(Uuid)};
}
constexpr AttributeInfo path(Attribute attribute, std::string_view name) {
    return {attribute, name, ValueKind::text, 0, max_path_bytes};
}

} // namespace detail

/// What a path_link leads to. btrfs-convert and mkfs.btrfs --rootdir have stored targets of symlinks with a NUL at
/// their end, and kernels send what is stored.
constexpr std::string_view link_target(std::string_view path_link) {
    return path_link.substr(0, path_link.find_last_not_of('\0') + 1);
}

/// Whether a text holds a NUL where it may not.
constexpr bool has_misplaced_nul(Attribute attribute, std::string_view text) {
    return (attribute == Attribute::path_link ? link_target(text) : text).contains('\0');
}

/// In the order of their numbers, from 1.
inline constexpr std::array attributes = std::to_array<AttributeInfo>({
    detail::uuid(Attribute::uuid, "uuid"),
    detail::integer(Attribute::ctransid, "ctransid", 8),
    detail::integer(Attribute::ino, "ino", 8),
    detail::integer(Attribute::size, "size", 8),
    detail::integer(Attribute::mode, "mode", 8),
    detail::integer(Attribute::uid, "uid", 8),
    detail::integer(Attribute::gid, "gid", 8),
    detail::integer(Attribute::rdev, "rdev", 8),
    detail::time(Attribute::ctime, "ctime"),
    detail::time(Attribute::mtime, "mtime"),
    detail::time(Attribute::atime, "atime"),
    detail::time(Attribute::otime, "otime"),
    {Attribute::xattr_name, "xattr_name", ValueKind::text, 1, max_name_length},
    {Attribute::xattr_data, "xattr_data", ValueKind::data, 0, std::numeric_limits<u16>::max()},
    detail::path(Attribute::path, "path"),
    detail::path(Attribute::path_to, "path_to"),
    detail::path(Attribute::path_link, "path_link"),
    detail::integer(Attribute::file_offset, "file_offset", 8),
    {Attribute::data, "data", ValueKind::data, 0, max_data_bytes},
    detail::uuid(Attribute::clone_uuid, "clone_uuid"),
    detail::integer(Attribute::clone_ctransid, "clone_ctransid", 8),
    detail::path(Attribute::clone_path, "clone_path"),
    detail::integer(Attribute::clone_offset, "clone_offset", 8),
    detail::integer(Attribute::clone_len, "clone_len", 8),
    detail::integer(Attribute::fallocate_mode, "fallocate_mode", 4, 2),
    detail::integer(Attribute::fileattr, "fileattr", 8, 2),
    detail::integer(Attribute::unencoded_file_len, "unencoded_file_len", 8, 2),
    detail::integer(Attribute::unencoded_len, "unencoded_len", 8, 2),
    detail::integer(Attribute::unencoded_offset, "unencoded_offset", 8, 2),
    detail::integer(Attribute::compression, "compression", 4, 2),
    detail::integer(Attribute::encryption, "encryption", 4, 2),
    detail::integer(Attribute::verity_algorithm, "verity_algorithm", 1, 3),
    detail::integer(Attribute::verity_block_size, "verity_block_size", 4, 3),
    {Attribute::verity_salt_data, "verity_salt_data", ValueKind::data, 0, max_fsverity_salt_bytes, 3},
    {Attribute::verity_sig_data, "verity_sig_data", ValueKind::data, 0, max_fsverity_signature_bytes, 3},
});

/// The row of a raw attribute number, or null if the format has none by it.
constexpr const AttributeInfo* find_attribute(u16 raw) {
    return raw != 0 && raw <= attributes.size() ? &attributes[raw - 1] : nullptr;
}

/// The row of an attribute other than none.
constexpr const AttributeInfo& attribute_info(Attribute attribute) {
    return attributes[static_cast<std::size_t>(attribute) - 1];
}

} // namespace btrfs::send
