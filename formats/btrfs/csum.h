// SPDX-License-Identifier: MIT
// The four checksum algorithms, and the items of the checksum tree.
#pragma once

#include "formats/btrfs/endian.h"

#include <array>
#include <string_view>

namespace btrfs {

enum class CsumType : u16 { crc32c = 0, xxhash64 = 1, sha256 = 2, blake2b = 3 };

struct CsumTypeInfo {
    CsumType type;
    std::string_view name; ///< as the peer prints and takes it
    u32 size_bytes;
};
inline constexpr std::array csum_types = std::to_array<CsumTypeInfo>({
    {CsumType::crc32c, "crc32c", 4},
    {CsumType::xxhash64, "xxhash64", 8},
    {CsumType::sha256, "sha256", 32},
    {CsumType::blake2b, "blake2b", 32},
});

/// The row of a raw csum_type, or null if the format has none by that number.
constexpr const CsumTypeInfo* find_csum_type(u16 raw) {
    return raw < csum_types.size() ? &csum_types[raw] : nullptr;
}

} // namespace btrfs
