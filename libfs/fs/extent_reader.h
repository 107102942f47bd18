// SPDX-License-Identifier: MIT
// The bytes of one extent of a file: proven by their checksums and unpacked, into the caller's memory.
#pragma once

#include "libfs/fs/compression.h"
#include "libfs/fs/data_reader.h"
#include "libfs/fs/file_extents.h"

namespace btrkit {

/// Reads extents, again and again, in a few hundred KiB of its own; one per thread.
class ExtentReader {
public:
    /// Bad copies of what could be read nevertheless are reported.
    explicit ExtentReader(const Filesystem& filesystem, ProblemSink report = {});

    /// Fills out with what a file shows of an extent that is_data(), from into_extent on; both that and the size of out
    /// are whole sectors within the range of the extent's item. Zeros follow the bytes of an inline extent. What is
    /// not compressed is read to out without a copy. Fails as DataReader does, and with damaged where packed bytes are
    /// malformed.
    ///
    /// Keeps the compressed extent that it showed a part of last, for the next part.
    Result<void> read(const FileExtent& extent, bool verify, u64 into_extent, MutableBytes out);

    /// Fills out with what stands on the devices from `at` on: for extents as they are stored. As DataReader::read().
    Result<void> read_stored(Logical at, MutableBytes out, bool verify) { return data_.read(at, out, verify); }

    /// What was read before no longer matters: bad copies of an extent are reported anew.
    void forget() { kept_.reset(); }

private:
    /// All that the unpacked bytes of an extent depend on.
    struct Packed {
        Logical disk;
        u64 disk_num_bytes = 0;
        u64 ram_bytes = 0;
        btrfs::Compression compression = btrfs::Compression::none;
        bool verified = false;

        friend bool operator==(const Packed&, const Packed&) = default;
    };

    Result<void> unpack(const FileExtent& extent, bool verify, MutableBytes plain);
    Result<void> unpack_to_keep(const FileExtent& extent, bool verify);

    DataReader data_;
    Decompressor decompressor_;
    std::vector<std::byte> packed_;
    std::vector<std::byte> unpacked_;
    std::optional<Packed> kept_; ///< whose bytes are in unpacked_
};

} // namespace btrkit
