// SPDX-License-Identifier: MIT
#include "libfs/txn/data_writes.h"

namespace btrkit {

DataWrites::DataWrites(Parallelism parallelism, const VolumeWriter& writer)
    : writer_(&writer), writes_(
                            parallelism, [](Write& write) { write.done = write_parts(write.parts, write.bytes); },
                            [this](Write& write) {
                                status_ = std::move(write.done);
                                return status_.has_value();
                            }) {}

Result<void> DataWrites::write(Logical at, Bytes bytes) {
    BTRKIT_TRY_ASSIGN(auto parts, writer_->parts(at, bytes.size()));
    const bool goes_on =
        writes_.push(std::make_unique<Write>(Write{.parts = std::move(parts), .bytes = {bytes.begin(), bytes.end()}}));
    return goes_on ? Result<void>() : status_;
}

Result<void> DataWrites::finish() {
    return writes_.drain() ? Result<void>() : status_;
}

} // namespace btrkit
