// SPDX-License-Identifier: MIT
// Records of a dump, put together in memory.
#pragma once

#include "formats/dump_image/dump_file.h"
#include "libfs/base/bytes.h"

#include <vector>

namespace btrkit::dump_image {

using Places = std::vector<dump_format::RecordPlace>;

class RecordBuffer {
public:
    /// Nothing where there is no place. At most dump_format::max_record_bytes.
    void add(Bytes bytes, const Places& places) {
        if (places.empty()) {
            return;
        }
        append(as_bytes_of(dump_format::RecordHead{.length_bytes = static_cast<u32>(bytes.size()),
                                                   .place_count = static_cast<u32>(places.size())}));
        append(std::as_bytes(std::span(places)));
        append(bytes);
        ++record_count_;
        for (const auto& place : places) {
            placed_bytes_ += place.length_bytes;
        }
    }

    Bytes bytes() const { return bytes_; }
    u64 record_count() const { return record_count_; }
    u64 placed_bytes() const { return placed_bytes_; }

private:
    void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

    std::vector<std::byte> bytes_;
    u64 record_count_ = 0;
    u64 placed_bytes_ = 0;
};

} // namespace btrkit::dump_image
