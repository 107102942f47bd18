// SPDX-License-Identifier: MIT
// How the bytes of a file extent are stored: the rows of compsize's table.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/base/address.h"

#include <array>
#include <string_view>

namespace btrkit::usage {

enum class DataKind : u8 { none, zlib, lzo, zstd, prealloc, unknown };
inline constexpr std::size_t data_kind_count = 6;
inline constexpr std::array<std::string_view, data_kind_count> data_kind_names = {"none", "zlib",     "lzo",
                                                                                  "zstd", "prealloc", "unknown"};

/// Of what stands in a file extent item, whatever it is.
constexpr DataKind data_kind(const btrfs::FileExtentHead& head) {
    if (head.type == static_cast<u8>(btrfs::FileExtentType::prealloc)) {
        return DataKind::prealloc;
    }
    return head.compression < static_cast<u8>(DataKind::prealloc) ? DataKind{head.compression} : DataKind::unknown;
}

/// Bytes of one kind, as compsize counts them.
struct KindUse {
    u64 disk_bytes = 0;         ///< that they occupy, each extent once
    u64 uncompressed_bytes = 0; ///< that these extents are unpacked
    u64 referenced_bytes = 0;   ///< that files have of them, each reference for itself

    KindUse& operator+=(const KindUse& other) {
        disk_bytes += other.disk_bytes;
        uncompressed_bytes += other.uncompressed_bytes;
        referenced_bytes += other.referenced_bytes;
        return *this;
    }
};
using KindUses = std::array<KindUse, data_kind_count>;

} // namespace btrkit::usage
