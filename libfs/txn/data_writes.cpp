// SPDX-License-Identifier: MIT
#include "libfs/txn/data_writes.h"

namespace btrkit {

namespace {

/// Devices are told of so much at once.
constexpr u64 begun_flush_bytes = u64{8} << 20;

} // namespace

DataWrites::DataWrites(Parallelism parallelism, const VolumeWriter& writer)
    : writer_(&writer), writes_(
                            parallelism, [](Write& write) { write.done = write_parts(write.parts, write.bytes); },
                            [this](Write& write) {
                                status_ = std::move(write.done);
                                begin_flush(write.parts);
                                return status_.has_value();
                            }) {}

Result<void> DataWrites::write(Logical at, Bytes bytes) {
    BTRKIT_TRY_ASSIGN(auto parts, writer_->parts(at, bytes.size()));
    const bool goes_on =
        writes_.push(std::make_unique<Write>(Write{.parts = std::move(parts), .bytes = {bytes.begin(), bytes.end()}}));
    return goes_on ? Result<void>() : status_;
}

/// Data is not written twice in a run, and mostly from one end of the free space to the other.
void DataWrites::begin_flush(std::span<const StoredPart> written) {
    for (const auto& part : written) {
        auto& range = unflushed_[part.device];
        if (range.end != part.offset) {
            range = {part.offset, part.offset};
        }
        range.end += part.length;
        if (range.length() >= begun_flush_bytes) {
            part.device->begin_flush(range.start, range.length());
            range.start = range.end;
        }
    }
}

Result<void> DataWrites::finish() {
    return writes_.drain() ? Result<void>() : status_;
}

} // namespace btrkit
