// SPDX-License-Identifier: MIT
// The bytes of files: unpacked, proven by their checksums, in order and in large runs.
#pragma once

#include "libfs/fs/extent_reader.h"

namespace btrkit {

/// A range of a file.
struct FileRun {
    u64 offset = 0;
    u64 length = 0;
    Bytes bytes = {}; ///< length of them, or none: a hole or preallocated, all zeros

    bool is_zeros() const { return bytes.empty(); }
};

/// Reads files, one after the other, in a few MiB of memory; one per thread.
class FileReader {
public:
    /// No run has more bytes than that.
    static constexpr u64 most_run_bytes = u64{1} << 20;

    /// Bad copies of what could be read nevertheless are reported.
    explicit FileReader(const Filesystem& filesystem, ProblemSink report = {});

    /// Begins with a regular file or symlink.
    void open(const InodePlace& place, const Inode& inode);

    /// The next run of it: without gap from 0 up to its size, nothing then. Its bytes live until the next call. Fails
    /// as FileExtents and ExtentReader do, naming tree, inode and file offset; the file is then over.
    Result<std::optional<FileRun>> next();

    const Filesystem& filesystem() const { return *filesystem_; }

private:
    Result<std::optional<FileRun>> next_run();
    Result<Bytes> data_of(const FileExtent& extent, u64 into_extent, u64 length);

    const Filesystem* filesystem_;
    ExtentReader reader_;
    std::vector<std::byte> read_;

    InodePlace place_;
    bool verify_ = true;
    std::optional<FileExtents> extents_;
    std::optional<FileExtent> extent_;
    u64 told_ = 0; ///< bytes of extent_ that next() has told
};

/// Where a symlink leads, as it is stored: all of an inline extent, as kernels send it. btrfs-convert and mkfs.btrfs
/// --rootdir have stored an ending NUL, which the inode's size does not count. Fails as FileReader does, and with
/// damaged where the target is longer than any can be.
Result<std::string> read_symlink(FileReader& reader, const InodePlace& place, const Inode& inode);

} // namespace btrkit
