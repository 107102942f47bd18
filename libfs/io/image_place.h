// SPDX-License-Identifier: MIT
// Where an image lies on the host: a whole file or block device, or a range of one (a partition, an image inside an
// image). Locks and the question whether the host uses it are always of the whole file.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/error.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace btrkit {

struct ImagePlace {
    std::string path;                     ///< of the file or block device
    std::string name;                     ///< how users call the image: path, "disk.img:p2", "disk.img@1M"
    u64 offset = 0;                       ///< bytes, in the file
    std::optional<u64> length_bytes = {}; ///< nullopt: to the file's end

    static ImagePlace whole(std::string path) { return {.path = path, .name = path}; }
    bool is_whole() const { return offset == 0 && !length_bytes; }
};

/// How many bytes the image has in its file, which has file_bytes. Fails with usage, "NAME: ...", where not all of the
/// place is inside of it.
Result<u64> length_in(const ImagePlace& place, u64 file_bytes);

/// The first two that have bytes of a file in common, as indices, the smaller one first; by what the files are, not by
/// their paths. What does not exist has none.
std::optional<std::pair<std::size_t, std::size_t>> find_overlap(std::span<const ImagePlace> places);

std::vector<std::string> names_of(std::span<const ImagePlace> places);

} // namespace btrkit
