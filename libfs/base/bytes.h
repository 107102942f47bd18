// SPDX-License-Identifier: MIT
// Bytes from an image, and the only way from them to a structure.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace btrkit {

inline constexpr u64 kib = 1024;
inline constexpr u64 mib = 1024 * kib;
inline constexpr u64 gib = 1024 * mib;

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// The structure that begins at offset, or null where the bytes end before it does. T must be one of
/// formats/: alignment 1, no padding, any bytes valid.
template <class T>
const T* view_at(Bytes bytes, std::size_t offset = 0) {
    static_assert(alignof(T) == 1 && std::is_trivially_copyable_v<T>);
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
        return nullptr;
    }
    return reinterpret_cast<const T*>(bytes.data() + offset);
}

/// The bytes [offset, offset + length), cut where `bytes` ends; never outside it.
inline Bytes clipped(Bytes bytes, std::size_t offset, std::size_t length) {
    if (offset >= bytes.size()) {
        return {};
    }
    return bytes.subspan(offset, std::min(length, bytes.size() - offset));
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
Bytes as_bytes_of(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    return std::as_bytes(std::span(&value, 1));
}

constexpr bool is_aligned(u64 value, u64 alignment) {
    return alignment != 0 && value % alignment == 0;
}

constexpr u64 round_down(u64 value, u64 unit) {
    return value - value % unit;
}
/// Wraps where the result is above 2^64.
constexpr u64 round_up(u64 value, u64 unit) {
    return round_down(value + unit - 1, unit);
}

} // namespace btrkit
