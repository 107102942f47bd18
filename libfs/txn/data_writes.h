// SPDX-License-Identifier: MIT
// Data of files on its way to the devices, and on to storage, while whoever has handed it in goes on.
#pragma once

#include "libfs/base/ordered_push.h"
#include "libfs/base/range_set.h"
#include "libfs/volume/volume_writer.h"

#include <map>

namespace btrkit {

class DataWrites {
public:
    /// The writer, and what it refers to, must outlive it.
    DataWrites(Parallelism parallelism, const VolumeWriter& writer);

    /// Takes a copy, and writes it some time before finish() returns. Fails as one before it has failed.
    Result<void> write(Logical at, Bytes bytes);
    /// All is written, as far as nothing fails.
    Result<void> finish();

private:
    struct Write {
        std::vector<StoredPart> parts;
        std::vector<std::byte> bytes;
        Result<void> done = {};
    };

    void begin_flush(std::span<const StoredPart> written);

    const VolumeWriter* writer_;
    std::map<WritableDevice*, Range> unflushed_; ///< what was written last, in one piece, and no device was told of
    Result<void> status_;                        ///< of those whose turn it was
    OrderedPush<std::unique_ptr<Write>> writes_;
};

} // namespace btrkit
