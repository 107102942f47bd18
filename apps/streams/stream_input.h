// SPDX-License-Identifier: MIT
// Where a stream comes from.
#pragma once

#include "libfs/base/stop.h"
#include "libfs/base/unique_fd.h"
#include "libfs/stream/decoder.h"

#include <string>

namespace btrkit::apps {

/// A file, or standard input by the name "-".
class StreamInput {
public:
    /// Fails with io, or with usage where a terminal would be read.
    static Result<StreamInput> open(const std::string& path);

    /// "standard input", or the path.
    const std::string& name() const { return name_; }
    /// Of a regular file; 0 of anything else.
    u64 size_bytes() const { return size_bytes_; }

    /// Its bytes. Fails with cancelled once stop is requested. This must outlive it.
    ByteSource source(StopToken stop) const;

private:
    StreamInput(std::string name, UniqueFd file, u64 size_bytes)
        : name_(std::move(name)), file_(std::move(file)), size_bytes_(size_bytes) {}
    int fd() const;

    std::string name_;
    UniqueFd file_; ///< none: standard input
    u64 size_bytes_;
};

} // namespace btrkit::apps
