// SPDX-License-Identifier: MIT
// The bit that was flipped, where it was one.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/volume/geometry.h"

#include <functional>
#include <optional>
#include <vector>

namespace btrkit::repair {

/// A bit of a block: of byte number / 8, number % 8 from its lowest one.
using BitNumber = std::size_t;

inline void flip(std::vector<std::byte>& block, BitNumber bit) {
    block[bit / 8] ^= std::byte{1} << (bit % 8);
}

/// The bit without which a block has its checksum; it may be one of the checksum. There is at most one: crc32c tells
/// any two bits of a block apart. Nothing where there is none, and with other checksums, which don't tell.
std::optional<BitNumber> bit_against_checksum(const Geometry& geometry, Bytes block);

/// A part of a block, in bytes.
struct BytePlace {
    std::size_t start = 0;
    std::size_t end = 0;
};

/// The bit within these places with which the block is as it should be; nothing where there is none, or several.
std::optional<BitNumber> only_bit(std::vector<std::byte> block, const std::vector<BytePlace>& places,
                                  const std::function<bool(const std::vector<std::byte>& block)>& is_right);

} // namespace btrkit::repair
