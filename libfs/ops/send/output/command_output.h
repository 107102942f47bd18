// SPDX-License-Identifier: MIT
// The commands of a stream on their way out: small ones at once, file data read, proven and encoded by other threads,
// everything in the order in which it was given.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/file_extents.h"
#include "libfs/stream/encoder.h"

#include <functional>
#include <memory>
#include <optional>

namespace btrkit::send {

/// Part of a file that is to be sent and could not be read from any copy.
struct UnreadableRange {
    std::string path; ///< FileData::shown_path, or as the stream calls the file
    u64 file_offset = 0;
    u64 length = 0;
    std::string why;
};

/// Where file data comes from: a range of one file extent item.
struct FileData {
    std::shared_ptr<const FileExtent> extent; ///< any kind; its whole length, whatever the size of the file
    bool has_checksums = true;                ///< of the inode
    u64 offset = 0;                           ///< in the file, within the extent
    u64 length = 0;
    /// What messages call the file; null: as the stream does.
    std::shared_ptr<const std::string> shown_path = {};
};

class CommandOutput {
public:
    struct Settings {
        u32 version = 1;
        bool count_only = false; ///< read no data, write nothing: for the exact size
        /// Told of ranges that can't be read, which are then left out of the stream; empty: the first one is a failure.
        std::function<void(const UnreadableRange&)> skip = {};
        /// Its problems: bad copies of what could be read nevertheless. Its progress is advanced by every byte that was
        /// written. Its stop is asked for each megabyte of data; everything fails with cancelled when it says stop.
        RunContext run = {};
    };

    /// The sink and the filesystem must outlive it. `skip` and `run.problems` are called by the thread that gives
    /// commands.
    CommandOutput(const Filesystem& filesystem, OutputSink& sink, Settings settings);
    ~CommandOutput(); ///< what was not closed is dropped: a stream without end
    CommandOutput(const CommandOutput&) = delete;
    CommandOutput& operator=(const CommandOutput&) = delete;

    u32 version() const;

    /// For a command without file data: begin() to finish() on it, or write_stream_header(), and then submit().
    Encoder& encoder();
    /// Call after each command of encoder(): where enough has come together, it is sent on its way. Fails as the sink
    /// or the data that was given before did; all calls fail then.
    Result<void> submit();

    /// WRITE commands of write_data_bytes(version) each for the range (what lies behind an inline extent's bytes, holes
    /// and preallocated ranges are zeros).
    Result<void> put_write(std::string_view path, const FileData& data);
    /// WRITE commands of zeros. As put_write(), it comes back when all are on their way: who wants to stop early gives
    /// them in parts.
    Result<void> put_zeros(std::string_view path, u64 file_offset, u64 length);
    /// One ENCODED_WRITE of a compressed extent (regular: its bytes on disk, proven by their checksums; inline: as
    /// stored), showing data's range. Only in version 2 and later. As put_write() where streams have no word for the
    /// compression (lzo in sectors below 4 KiB).
    Result<void> put_encoded(std::string_view path, const FileData& data);

    /// Waits until everything is written.
    Result<void> close();

    /// With what all calls fail by now; nothing: all is well so far.
    const std::optional<Error>& failure() const;

    /// Bytes of all commands so far, also of those still on their way (what was skipped is counted as if it were sent).
    u64 stream_bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace btrkit::send
