// SPDX-License-Identifier: MIT
// Addresses as types: only the chunk map turns one into the other.
#pragma once

#include "formats/btrfs/endian.h"

#include <compare>

namespace btrkit {

using btrfs::u16;
using btrfs::u32;
using btrfs::u64;
using btrfs::u8;

/// An address in the filesystem's own space, in bytes.
struct Logical {
    u64 bytenr = 0;

    friend constexpr auto operator<=>(Logical, Logical) = default;
    friend constexpr Logical operator+(Logical at, u64 bytes) { return {at.bytenr + bytes}; }
};

/// A place on one device, in bytes.
struct Physical {
    u64 devid = 0;
    u64 offset = 0;

    friend constexpr auto operator<=>(const Physical&, const Physical&) = default;
};

} // namespace btrkit
