// SPDX-License-Identifier: MIT
// What came into a dump, and what did not.
#pragma once

#include "libfs/base/address.h"

#include <string_view>
#include <vector>

namespace btrkit::dump_image {

/// A copy of a tree block that is not as it should be. It is in the dump as it is, as far as it could be read.
struct BadCopy {
    enum class What : u8 {
        unreadable, ///< the device failed
        unsound,    ///< its checksum or address is wrong
        foreign,    ///< no tree block of this filesystem
    };

    u64 address = 0;
    unsigned mirror = 0;
    What what = What::unreadable;
};

struct Report {
    u64 block_count = 0;        ///< addresses of tree blocks that anything leads to
    u64 lost_count = 0;         ///< those without a sound copy
    u64 missing_copy_count = 0; ///< on devices that were not given
    u64 cache_bytes = 0;        ///< of old free space caches
    u64 record_count = 0;
    u64 placed_bytes = 0; ///< of devices that are in the dump
    u64 file_bytes = 0;   ///< of the dump

    std::vector<BadCopy> bad_copies; ///< the first ones; bad_copy_count has all
    u64 bad_copy_count = 0;

    static constexpr std::size_t most_bad_copies = 10'000;

    void add(const BadCopy& copy) {
        if (bad_copy_count++ < most_bad_copies) {
            bad_copies.push_back(copy);
        }
    }
};

} // namespace btrkit::dump_image
