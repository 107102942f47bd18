// SPDX-License-Identifier: MIT
// Where streams come from.
#pragma once

#include "apps/common/messages.h"
#include "libfs/base/stop.h"
#include "libfs/base/unique_fd.h"
#include "libfs/stream/stream_source.h"

#include <expected>
#include <string>
#include <vector>

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
    /// The same of a regular file, wherever it is read from; else empty.
    ByteSourceAt source_at(StopToken stop) const;

private:
    StreamInput(std::string name, UniqueFd file, u64 size_bytes)
        : name_(std::move(name)), file_(std::move(file)), size_bytes_(size_bytes) {}
    int fd() const;
    template <class ReadSome>
    Result<std::size_t> fill(const StopToken& stop, ReadSome read_some) const;

    std::string name_;
    UniqueFd file_; ///< none: standard input
    u64 size_bytes_;
};

/// All of them. Otherwise what is wrong with each was said, and this is the exit status.
std::expected<std::vector<StreamInput>, int> open_inputs(const std::vector<std::string>& paths, Messages& messages);

/// What a verb reads of them; they must outlive it.
std::vector<StreamSource> sources_of(std::span<const StreamInput> inputs, const StopToken& stop);

} // namespace btrkit::apps
