// SPDX-License-Identifier: MIT
// Chance by seed, and values changed by it.
#pragma once

#include "libfs/base/bytes.h"

#include <random>
#include <string>

namespace btrkit::test {

/// Numbers as the seed has them, the same on every machine.
class Dice {
public:
    Dice(u64 seed, u64 number) {
        std::seed_seq sequence{seed & ~u32{0}, seed >> 32, number & ~u32{0}, number >> 32};
        engine_.seed(sequence);
    }
    u64 below(u64 limit) { return engine_() % limit; }
    bool percent(u64 chance) { return below(100) < chance; }
    u64 any() { return engine_(); }
    template <class List>
    auto& one_of(List& list) {
        return list[below(list.size())];
    }

private:
    std::mt19937_64 engine_;
};

/// The little-endian number in bytes, at most eight of them.
u64 get_value(Bytes bytes);
void put_value(MutableBytes bytes, u64 value);

/// Changes a field, as a number where it has at most eight bytes: one bit, one more or less, another block's distance,
/// nothing, everything, or what stands in neighbour, where that is as long. Returns "KIND OLD -> NEW"; nothing where
/// the field stayed as it was.
std::string change_field(MutableBytes field, Bytes neighbour, Dice& dice);

} // namespace btrkit::test
