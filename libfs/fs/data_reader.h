// SPDX-License-Identifier: MIT
// Data as it stands on the devices, from whichever copy keeps its checksum.
#pragma once

#include "libfs/fs/data_checksums.h"

namespace btrkit {

/// Reads data, again and again; one per thread.
class DataReader {
public:
    /// Copies that were bad although another was good are reported.
    explicit DataReader(const Filesystem& filesystem, ProblemSink report = {});

    /// Fills out; at and its size are multiples of the sector size. With verify, every sector has the checksum that
    /// the checksum tree has of it; without, it is what the first readable copy holds. Fails with damaged (no copy has
    /// the checksum, or there is none), or as Filesystem::read_data() does of the copy that was tried first.
    Result<void> read(Logical at, MutableBytes out, bool verify);

private:
    using Checksums = std::span<const std::optional<btrfs::CsumBytes>>;

    Result<void> read_whole(Logical at, MutableBytes out, std::span<const unsigned> mirrors, std::size_t& used);
    Result<void> read_sectors(Logical at, MutableBytes out, bool verify);
    Result<void> repair(Logical at, MutableBytes sector, const btrfs::CsumBytes& wanted,
                        std::span<const unsigned> mirrors, unsigned bad_mirror);
    void say(const Problem& problem) const;

    const Filesystem* filesystem_;
    ProblemSink report_;
    DataChecksums checksums_;
};

} // namespace btrkit
