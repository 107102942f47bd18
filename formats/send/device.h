// SPDX-License-Identifier: MIT
// Device numbers in RDEV: the low byte of the minor, the major, and the rest of the minor, as stat(2) of 32 bits has
// them. (Inode items hold them otherwise.)
//
// Facts: Linux include/linux/kdev_t.h (new_encode_dev, new_decode_dev).
#pragma once

#include "formats/btrfs/endian.h"

namespace btrfs::send {

namespace detail {

inline constexpr u32 low_minor_mask = 0xff;
inline constexpr unsigned major_shift = 8;
inline constexpr u64 major_mask = 0xfff;
inline constexpr unsigned high_minor_shift = 12;

} // namespace detail

constexpr u64 device_number(u32 major, u32 minor) {
    return (minor & detail::low_minor_mask) | (u64{major} << detail::major_shift) |
           (u64{minor & ~detail::low_minor_mask} << detail::high_minor_shift);
}
constexpr u32 major_of(u64 device) {
    return static_cast<u32>(device >> detail::major_shift & detail::major_mask);
}
constexpr u32 minor_of(u64 device) {
    return static_cast<u32>((device & detail::low_minor_mask) |
                            (device >> detail::high_minor_shift & ~u64{detail::low_minor_mask}));
}

static_assert(major_of(device_number(0xabc, 0x12345)) == 0xabc && minor_of(device_number(0xabc, 0x12345)) == 0x12345);

} // namespace btrfs::send
