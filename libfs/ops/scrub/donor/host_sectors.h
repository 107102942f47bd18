// SPDX-License-Identifier: MIT
// The sectors of files of the host.
#pragma once

#include "libfs/base/unique_fd.h"
#include "libfs/ops/scrub/donor/donor.h"

#include <string_view>
#include <vector>

namespace btrkit::scrub {

/// A regular file below the directory folder, opened for reading. No name of path leads out of it: there is no way up,
/// and no symlink is followed. Nothing else than a regular file is opened, and nothing waits. Empty where that fails.
UniqueFd open_file_in(int folder, std::string_view path);

/// A regular file in a directory by its name alone.
UniqueFd open_regular_file(int directory, const std::string& name);

/// Offers the sector of the file at that offset; nothing where the file ends before that or can't be read.
bool offer_sector(int fd, u64 offset, u32 sectorsize, const TryBytes& accept);

/// Hands the sectors of files to a search, read in large runs. Of holes, one sector of zeros is handed out.
class SectorVisitor {
public:
    SectorVisitor(const Search& search, const StopToken& stop);

    /// All of the file that fd is open for, of which size_bytes are looked at. False where the search is over.
    bool visit_file(int fd, u64 size_bytes, const std::string& where);

private:
    bool visit_hole(const std::string& where);
    bool visit_sectors(std::size_t length, const std::string& where);

    const Search* search_;
    StopToken stop_;
    std::vector<std::byte> run_;
};

} // namespace btrkit::scrub
