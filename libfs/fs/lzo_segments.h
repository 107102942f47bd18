// SPDX-License-Identifier: MIT
// btrfs's framing of LZO1X (docs/format.md 10.2): the total length, then one segment for each sector of plain bytes.
#pragma once

#include "libfs/base/bytes.h"

#include <optional>
#include <vector>

namespace btrkit {

class LzoCompressor {
public:
    explicit LzoCompressor(u32 sectorsize);

    /// Writes the framed segments to out; their length, or nothing where out is too short for them.
    std::optional<std::size_t> compress(Bytes plain, MutableBytes out);

private:
    u32 sectorsize_;
    std::vector<std::byte> work_;
    std::vector<std::byte> segment_;
};

class LzoDecompressor {
public:
    explicit LzoDecompressor(u32 sectorsize);

    /// Fills out as far as packed goes and says how far; nothing where packed is malformed before that.
    std::optional<std::size_t> decompress(Bytes packed, MutableBytes out);

private:
    std::optional<std::size_t> decompress_segment(Bytes segment, MutableBytes out);

    u32 sectorsize_;
    std::vector<std::byte> sector_; ///< where a segment may have more bytes than are wanted
};

} // namespace btrkit
