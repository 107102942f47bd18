// SPDX-License-Identifier: MIT
// What was taken out, and what was not.
#pragma once

#include "libfs/base/error.h"
#include "libfs/base/range_set.h"

#include <string>
#include <vector>

namespace btrkit::extract {

/// What becomes of bytes that no copy proves.
enum class Bad {
    skip, ///< the whole file is left out
    zero, ///< they are zeros
    raw,  ///< as the first copy has them that can be read at all
};

/// Something that could not be taken out as it was.
struct Trouble {
    std::string path;                  ///< below the target
    std::string what;                  ///< a clause
    bool is_left_out = false;          ///< nothing is there by that name
    std::vector<Range> bad_bytes = {}; ///< of the file: the first ranges, none where it is not about data
    u64 bad_byte_count = 0;
};

struct Report {
    u64 file_count = 0;
    u64 directory_count = 0; ///< tops of subvolumes included
    u64 symlink_count = 0;
    u64 special_count = 0; ///< devices, fifos, sockets
    u64 link_count = 0;    ///< further names of files
    u64 subvolume_count = 0;
    u64 data_bytes = 0;    ///< written, holes not counted
    u64 shared_bytes = 0;  ///< those of them that are reflinks within the target
    u64 kept_count = 0;    ///< were there already
    u64 not_set_count = 0; ///< attributes, owners and devices that the target does not take
    std::string first_not_set;

    std::vector<Trouble> troubles; ///< the first ones, in order; trouble_count has all
    u64 trouble_count = 0;

    static constexpr std::size_t most_troubles = 10'000;
    static constexpr std::size_t most_bad_ranges = 1'000;

    void add(Trouble trouble) {
        if (trouble_count++ < most_troubles) {
            troubles.push_back(std::move(trouble));
        }
    }
};

} // namespace btrkit::extract
