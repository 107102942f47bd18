// SPDX-License-Identifier: MIT
// Filesystems that have lost sectors, and images that may have them, fresh from mkfs.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/scrub/donor/fill_from_donors.h"

#include <string>
#include <vector>

namespace btrkit::test {

/// What a small image holds. Contents depend on the numbers alone: the same number is the same content everywhere.
struct DonorFile {
    std::string path; ///< directories on the way are made
    u64 size = 0;
    u32 content = 0;
    bool compressible = false;
};

struct DonorImageKind {
    std::vector<DonorFile> files;
    std::string subvolume = {}; ///< a directory that is to be one
    std::string checksum = "xxhash";
    std::string compression = "no";
    std::string data_profile = "single";
};

/// Makes it at path, and opens it.
Filesystem make_donor_image(const std::string& path, const DonorImageKind& kind);

/// The bytes of content, as many as the range has.
std::string content_text(const DonorFile& file, u64 offset, u64 length);

/// A sector of a file with data, as if no copy of it were good: of an extent that is not compressed by its number in
/// the file, else by its number in the file's first extent. in_subvolume: the end of path that lies in the subvolume.
scrub::LostSector lose_sector(const Filesystem& filesystem, const std::string& path, u64 number,
                              const std::string& in_subvolume = {});

/// What stands at the sector.
std::vector<std::byte> bytes_of(const Filesystem& filesystem, const scrub::LostSector& sector);

} // namespace btrkit::test
