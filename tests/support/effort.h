// SPDX-License-Identifier: MIT
// How much a seeded test does: little in a normal run, which comes often, and much in scripts/test-long.
#pragma once

#include <cstdlib>

namespace btrkit::test {

/// Whether there is time: BTRKIT_LONG is set.
inline bool is_long_run() {
    return std::getenv("BTRKIT_LONG") != nullptr;
}

/// How many seeds or rounds; BTRKIT_SEEDS asks for another number.
inline unsigned rounds(unsigned in_normal_run, unsigned in_long_run) {
    if (const char* asked = std::getenv("BTRKIT_SEEDS")) {
        return static_cast<unsigned>(std::strtoul(asked, nullptr, 10));
    }
    return is_long_run() ? in_long_run : in_normal_run;
}

} // namespace btrkit::test
