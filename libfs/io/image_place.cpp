// SPDX-License-Identifier: MIT
#include "libfs/io/image_place.h"

#include "libfs/base/names.h"
#include "libfs/io/host_tables.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit {

namespace {

u64 end_of(const ImagePlace& place) {
    constexpr u64 last = std::numeric_limits<u64>::max();
    return place.length_bytes && *place.length_bytes <= last - place.offset ? place.offset + *place.length_bytes : last;
}

bool overlap(const ImagePlace& a, const ImagePlace& b) {
    return a.offset < end_of(b) && b.offset < end_of(a);
}

} // namespace

Result<u64> length_in(const ImagePlace& place, u64 file_bytes) {
    if (place.is_whole()) {
        return file_bytes;
    }
    if (place.offset >= file_bytes) {
        return fail(ErrorKind::usage, fmt::format("{}: begins at byte {}, but {} has only {}", printable(place.name),
                                                  place.offset, printable(place.path), file_bytes));
    }
    const u64 left = file_bytes - place.offset;
    if (place.length_bytes.value_or(left) > left) {
        return fail(ErrorKind::usage,
                    fmt::format("{}: has {} bytes from byte {} on, but {} only {}", printable(place.name),
                                *place.length_bytes, place.offset, printable(place.path), left));
    }
    return place.length_bytes.value_or(left);
}

std::optional<std::pair<std::size_t, std::size_t>> find_overlap(std::span<const ImagePlace> places) {
    std::vector<std::optional<FileIdentity>> files;
    for (std::size_t second = 0; second < places.size(); ++second) {
        files.push_back(identity_of(places[second].path));
        for (std::size_t first = 0; first < second; ++first) {
            if (files[second] && files[first] == files[second] && overlap(places[first], places[second])) {
                return std::pair(first, second);
            }
        }
    }
    return std::nullopt;
}

std::vector<std::string> names_of(std::span<const ImagePlace> places) {
    std::vector<std::string> names;
    for (const auto& place : places) {
        names.push_back(place.name);
    }
    return names;
}

} // namespace btrkit
