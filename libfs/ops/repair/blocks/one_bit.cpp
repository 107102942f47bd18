// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/one_bit.h"

#include "libfs/base/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace btrkit::repair {

namespace {

u32 stored_crc(Bytes checksum_bytes) {
    btrfs::le32 crc;
    std::memcpy(&crc, checksum_bytes.data(), sizeof(crc));
    return crc;
}

} // namespace

/// A flipped bit changes the checksum by the same whatever else the block holds; that change moves on by a byte of
/// zeros for each byte that stands behind the bit.
std::optional<BitNumber> bit_against_checksum(const Geometry& geometry, Bytes block) {
    if (geometry.csum_type != btrfs::CsumType::crc32c) {
        return std::nullopt;
    }
    const auto computed = checksum(geometry.csum_type, block.subspan(btrfs::max_csum_size));
    const u32 difference = stored_crc(block) ^ stored_crc(std::as_bytes(std::span(computed)));
    if (std::has_single_bit(difference)) {
        return static_cast<BitNumber>(std::countr_zero(difference));
    }
    std::array<u32, 8> changes{};
    for (unsigned bit = 0; bit < changes.size(); ++bit) {
        const std::array last = {std::byte{1} << bit};
        changes[bit] = crc32c_raw(0, last);
    }
    constexpr std::array zero = {std::byte{0}};
    for (std::size_t at = block.size(); at-- > btrfs::max_csum_size;) {
        for (unsigned bit = 0; bit < changes.size(); ++bit) {
            if (changes[bit] == difference) {
                return at * 8 + bit;
            }
            changes[bit] = crc32c_raw(changes[bit], zero);
        }
    }
    return std::nullopt;
}

std::optional<BitNumber> only_bit(std::vector<std::byte> block, const std::vector<BytePlace>& places,
                                  const std::function<bool(const std::vector<std::byte>& block)>& is_right) {
    std::optional<BitNumber> found;
    for (const auto& place : places) {
        for (BitNumber bit = place.start * 8; bit < place.end * 8; ++bit) {
            flip(block, bit);
            const bool fits = is_right(block);
            flip(block, bit);
            if (fits && found) {
                return std::nullopt;
            }
            found = fits ? bit : found;
        }
    }
    return found;
}

} // namespace btrkit::repair
