// SPDX-License-Identifier: MIT
// A filesystem that is made to receive into.
#pragma once

#include "apps/common/command_line.h"
#include "apps/streams/stream_input.h"
#include "libfs/base/run_context.h"

#include <utility>

namespace btrkit::apps {

/// A file with an empty filesystem. It goes again, or is empty again, unless keep() is called.
class CreatedImage {
public:
    /// In a file that is not there, or is empty, as mkfs does without further options. Fails with usage where something
    /// else is there, or the size is too small, and with io.
    static Result<CreatedImage> create(const std::string& path, u64 size_bytes, const RunContext& context);

    CreatedImage(CreatedImage&& other) noexcept : path_(std::exchange(other.path_, {})), was_there_(other.was_there_) {}
    CreatedImage& operator=(CreatedImage&&) = delete;
    ~CreatedImage();

    void keep() { path_.clear(); }

private:
    CreatedImage(std::string path, bool was_there) : path_(std::move(path)), was_there_(was_there) {}

    std::string path_; ///< empty: it stays
    bool was_there_;
};

/// What streams take of a new filesystem, generously: what is not written is not stored. Reads them once. Fails where
/// one of them is not sound.
Result<u64> size_for_streams(std::span<const StreamInput> inputs, const RunContext& context);

} // namespace btrkit::apps
