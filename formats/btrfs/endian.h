// SPDX-License-Identifier: MIT
// Integers as they stand on disk: little-endian, unaligned, safe to overlay on raw bytes.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace btrfs {

/// A little-endian integer of T's width. Alignment 1 and no padding, so a structure of these has exactly
/// the layout of its declaration. Converts to and from the host integer implicitly.
template <std::unsigned_integral T>
class LittleEndian {
public:
    constexpr LittleEndian() = default;
    constexpr LittleEndian(T value) noexcept : bytes_(std::bit_cast<Bytes>(to_or_from_host(value))) {}
    constexpr operator T() const noexcept { return to_or_from_host(std::bit_cast<T>(bytes_)); }

private:
    using Bytes = std::array<std::byte, sizeof(T)>;

    static constexpr T to_or_from_host(T value) noexcept {
        if constexpr (std::endian::native == std::endian::big) {
            auto bytes = std::bit_cast<Bytes>(value);
            for (std::size_t i = 0; i < sizeof(T) / 2; ++i) {
                std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
            }
            return std::bit_cast<T>(bytes);
        }
        return value;
    }

    Bytes bytes_{};
};

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using le16 = LittleEndian<u16>;
using le32 = LittleEndian<u32>;
using le64 = LittleEndian<u64>;

static_assert(sizeof(le64) == 8 && alignof(le64) == 1);

} // namespace btrfs
