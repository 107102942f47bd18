// SPDX-License-Identifier: MIT
// Runs of set bits, as free space is kept in bitmaps.
#pragma once

#include "libfs/base/bytes.h"

namespace btrkit::check {

/// Calls visit(first, last) for each run of set bits, [first, last), among the first `count` bits; low bit first.
template <class Visit>
void for_each_run(Bytes bitmap, u64 count, Visit&& visit) {
    count = std::min(count, u64{bitmap.size()} * 8);
    u64 run_start = 0;
    bool in_run = false;
    for (u64 bit = 0; bit < count; ++bit) {
        const auto byte = std::to_integer<unsigned>(bitmap[bit / 8]);
        const bool is_whole_byte = bit % 8 == 0 && count - bit >= 8;
        if (is_whole_byte && byte == (in_run ? 0xffU : 0U)) {
            bit += 7;
            continue;
        }
        if (const bool is_set = (byte >> bit % 8 & 1U) != 0; is_set != in_run) {
            if (in_run) {
                visit(run_start, bit);
            }
            run_start = bit;
            in_run = is_set;
        }
    }
    if (in_run) {
        visit(run_start, count);
    }
}

} // namespace btrkit::check
