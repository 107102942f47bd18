// SPDX-License-Identifier: MIT
// The two commands that carry file data, up to that (internal to the output).
#pragma once

#include "libfs/fs/file_extents.h"
#include "libfs/stream/encoder.h"

#include <bit>

namespace btrkit::send {

/// What a range of a file is of an unpacked extent.
struct EncodedRange {
    u64 file_offset = 0;
    u64 length = 0;
    u64 into_extent = 0; ///< from where the item's range begins
};

/// What streams call the compression of an extent; nothing where they have no word for it.
inline std::optional<btrfs::send::EncodedCompression> encoded_compression(btrfs::Compression compression,
                                                                          u32 sectorsize) {
    using enum btrfs::send::EncodedCompression;
    constexpr u32 least_sectorsize = 4096;
    switch (compression) {
    case btrfs::Compression::zlib: return zlib;
    case btrfs::Compression::zstd: return zstd;
    case btrfs::Compression::lzo:
        if (sectorsize < least_sectorsize) {
            return std::nullopt;
        }
        return static_cast<btrfs::send::EncodedCompression>(static_cast<int>(lzo_4k) +
                                                            std::countr_zero(sectorsize / least_sectorsize));
    case btrfs::Compression::none: return std::nullopt;
    }
    return std::nullopt;
}

/// All but DATA.
inline void begin_write(Encoder& encoder, std::string_view path, u64 file_offset) {
    using btrfs::send::Attribute;
    encoder.begin(btrfs::send::Command::write);
    encoder.put_text(Attribute::path, path);
    encoder.put_integer(Attribute::file_offset, file_offset);
}

/// All but DATA. The compression is one that streams have a word for.
inline void begin_encoded_write(Encoder& encoder, std::string_view path, const FileExtent& extent,
                                const EncodedRange& range, u32 sectorsize) {
    using btrfs::send::Attribute;
    encoder.begin(btrfs::send::Command::encoded_write);
    encoder.put_text(Attribute::path, path);
    encoder.put_integer(Attribute::file_offset, range.file_offset);
    encoder.put_integer(Attribute::unencoded_file_len, range.length);
    encoder.put_integer(Attribute::unencoded_len, extent.ram_bytes);
    encoder.put_integer(Attribute::unencoded_offset, extent.offset_in_extent + range.into_extent);
    encoder.put_integer(Attribute::compression, static_cast<u64>(*encoded_compression(extent.compression, sectorsize)));
    if (extent.kind != ExtentKind::inline_data) {
        encoder.put_integer(Attribute::encryption, 0); // as the kernel does
    }
}

} // namespace btrkit::send
