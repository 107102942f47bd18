// SPDX-License-Identifier: MIT
// Sums of 128-bit hashes: equal sums of two multisets prove them equal, up to a chance of 2^-64 for any image, since
// its maker could not know the seed.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/bytes.h"

#include <array>

#include <xxhash.h>

namespace btrkit::check {

struct Sum128 {
    u64 low = 0;
    u64 high = 0;

    Sum128& operator+=(const Sum128& other) {
        low += other.low;
        high += other.high;
        return *this;
    }
    Sum128& operator-=(const Sum128& other) {
        low -= other.low;
        high -= other.high;
        return *this;
    }
    friend Sum128 operator*(const Sum128& sum, u64 count) { return {sum.low * count, sum.high * count}; }
    friend auto operator<=>(const Sum128&, const Sum128&) = default;

    bool is_zero() const { return low == 0 && high == 0; }
};

/// The keyed hash of some numbers.
template <std::size_t count>
Sum128 hash_words(const std::array<u64, count>& words, u64 seed) {
    const auto hash = XXH3_128bits_withSeed(words.data(), sizeof words, seed);
    return {hash.low64, hash.high64};
}

inline Sum128 hash_bytes(Bytes bytes, u64 seed) {
    const auto hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.low64, hash.high64};
}

} // namespace btrkit::check
