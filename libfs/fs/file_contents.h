// SPDX-License-Identifier: MIT
// The bytes of files past what is damaged: FileReader's tolerant sister. What is good comes out, proven and unpacked;
// what is not is told with its range, and reading goes on behind it.
#pragma once

#include "libfs/fs/file_data.h"

namespace btrkit {

/// A range of a file.
struct ContentRun {
    u64 offset = 0;
    u64 length = 0;
    Bytes bytes = {};                 ///< length of them, or none: all zeros
    std::optional<Error> damage = {}; ///< why it can't be proven; the bytes are then what could be read, or none

    bool is_good() const { return !damage; }
};

struct FileContentsOptions {
    /// Of what can't be proven, the bytes that the first readable copy holds.
    bool unproven_bytes = false;
};

/// Reads files, one after the other, in a few MiB of memory; one per thread.
///
///   1. Extents in order, and holes between them. Where their items are lost, up to the next one that is there is bad.
///   2. Each in pieces of FileReader::most_run_bytes; where one can't be proven, sector by sector. Of a compressed
///      extent all that the file shows of it is bad then.
class FileContents {
public:
    /// Bad copies of what could be read nevertheless are reported.
    explicit FileContents(const Filesystem& filesystem, ProblemSink report = {}, FileContentsOptions options = {});

    /// Begins with a regular file: its bytes from `from` up to, but without, end, or up to its size.
    void open(const InodePlace& place, const Inode& inode, u64 from = 0, u64 end = ~u64{0});

    /// The next run: without gap and in order; nothing at the end. Its bytes live until the next call. Bad runs that
    /// touch are not joined.
    std::optional<ContentRun> next();

private:
    struct Part {
        FileExtent extent;
        std::optional<Error> damage; ///< the extent is not known: offset and length are all that counts
    };

    bool find_part();
    void pass_lost(Error damage);
    void hold_lost(u64 begin, u64 end, Error damage);
    ContentRun data_run(u64 length);
    ContentRun sector_run();
    Result<void> read(u64 into_extent, u64 length, bool verify);
    ContentRun bad_run(u64 length, Error damage);

    const Filesystem* filesystem_;
    FileContentsOptions options_;
    ExtentReader reader_;
    std::vector<std::byte> read_;
    InodePlace place_;
    Inode inode_;
    u64 position_ = 0;
    u64 end_ = 0;
    std::optional<FileExtents> extents_;
    std::optional<Part> part_; ///< holds position_, or lies before it
    u64 doubtful_end_ = 0;     ///< up to there sector by sector
};

} // namespace btrkit
