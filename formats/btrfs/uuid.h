// SPDX-License-Identifier: MIT
// A UUID as it stands on disk: 16 bytes in the order in which they are written out.
#pragma once

#include "formats/btrfs/endian.h"

#include <array>

namespace btrfs {

struct Uuid {
    std::array<u8, 16> bytes{};

    friend bool operator==(const Uuid&, const Uuid&) = default;
    constexpr bool is_null() const noexcept { return *this == Uuid{}; }
};
static_assert(sizeof(Uuid) == 16);

/// What the uuid tree takes as key of a uuid: its two halves as little-endian integers.
struct UuidKey {
    u64 objectid;
    u64 offset;
};
constexpr UuidKey uuid_key(const Uuid& uuid) noexcept {
    struct Halves {
        le64 objectid;
        le64 offset;
    };
    const auto halves = std::bit_cast<Halves>(uuid);
    return {halves.objectid, halves.offset};
}

} // namespace btrfs
