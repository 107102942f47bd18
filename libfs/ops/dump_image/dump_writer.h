// SPDX-License-Identifier: MIT
// A dump as it is written: pieces are packed on many threads, and put one behind the other by one.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/ops/dump_image/record_buffer.h"

namespace btrkit::dump_image {

struct PackedPiece {
    std::vector<std::byte> body;
    u64 plain_bytes = 0;
    u64 record_count = 0;
    u64 placed_bytes = 0;
};

/// Thread-safe. The records are no longer than dump_format::max_plain_bytes. Fails with bug.
Result<PackedPiece> pack(const RecordBuffer& records);

class DumpWriter {
public:
    explicit DumpWriter(OutputSink& sink) : sink_(sink) {}

    /// start.check is set here. All fail with io.
    Result<void> begin(dump_format::FileStart start, std::span<const dump_format::DeviceEntry> devices);
    Result<void> put(const PackedPiece& piece);
    /// pack() and put(), unless there is nothing.
    Result<void> put(const RecordBuffer& records);
    Result<void> end();

    u64 record_count() const { return record_count_; }
    u64 placed_bytes() const { return placed_bytes_; }
    u64 file_bytes() const { return file_bytes_; }

private:
    Result<void> put_piece(dump_format::PieceKind kind, Bytes body, u64 plain_bytes);
    Result<void> write(Bytes bytes);

    OutputSink& sink_;
    u32 check_ = 0;
    u64 record_count_ = 0;
    u64 placed_bytes_ = 0;
    u64 file_bytes_ = 0;
};

} // namespace btrkit::dump_image
