// SPDX-License-Identifier: MIT
// A dump as it is read: whatever the bytes, only records that are possible come out of it, in bounded memory.
#pragma once

#include "libfs/ops/dump_image/record_buffer.h"
#include "libfs/stream/stream_source.h"

#include <functional>

namespace btrkit::dump_image {

/// Takes the bytes of a record and one of its places: within the bytes, and within the device.
using PlaceSink = std::function<Result<void>(Bytes bytes, const dump_format::RecordPlace& place)>;

class DumpReader {
public:
    /// Reads the start; source must outlive it. Fails with io, or with damaged, naming the place: "NAME: is damaged at
    /// offset N: ...".
    static Result<DumpReader> open(const StreamSource& source);

    const dump_format::FileStart& start() const { return start_; }
    /// By ascending devid.
    std::span<const dump_format::DeviceEntry> devices() const { return devices_; }
    /// Of the whole dump; 0: nobody knows.
    u64 size_bytes() const { return source_->size_bytes; }
    /// How much was read.
    u64 offset() const { return offset_; }

    /// Reads the next piece, and hands all it has to the sink. False: that was the end. Fails as open(), and with what
    /// the sink fails with.
    Result<bool> next_piece(const PlaceSink& sink);

private:
    explicit DumpReader(const StreamSource& source) : source_(&source) {}

    Result<void> read_start();
    /// All of out, or damaged.
    Result<void> fill(MutableBytes out);
    Result<void> read_end(Bytes body);
    Result<Bytes> unpack(Bytes body, u64 plain_bytes);
    Result<void> read_records(Bytes plain, const PlaceSink& sink);
    Result<void> check_place(const dump_format::RecordPlace& place, u64 length_bytes) const;
    /// Of the piece that is being read.
    std::unexpected<Error> damaged(std::string_view why) const;

    const StreamSource* source_;
    dump_format::FileStart start_;
    std::vector<dump_format::DeviceEntry> devices_;
    std::vector<std::byte> body_;
    std::vector<std::byte> plain_;
    u32 check_ = 0;
    u64 offset_ = 0;
    u64 piece_offset_ = 0;
    u64 record_count_ = 0;
    u64 placed_bytes_ = 0;
};

} // namespace btrkit::dump_image
