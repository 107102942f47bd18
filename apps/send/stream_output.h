// SPDX-License-Identifier: MIT
// Where a stream goes.
#pragma once

#include "apps/common/fd_sink.h"
#include "libfs/base/address.h"
#include "libfs/base/unique_fd.h"
#include "libfs/io/image_place.h"

#include <memory>
#include <optional>
#include <vector>

namespace btrkit::apps {

/// The file of -f: anything that can be opened for writing, but a terminal, an image that is read, or a device in use.
/// Until something is written to it, it is as it was.
class StreamFile final : public OutputSink {
public:
    /// Made if it is not there, for its owner alone: a stream has all contents, whatever modes the files have. Fails
    /// with io, usage or refused.
    static Result<std::unique_ptr<StreamFile>> open(const std::string& path, std::span<const ImagePlace> images);
    /// Takes the file away if it was made, but nothing was written.
    ~StreamFile() override;

    Result<void> write(std::string_view text) override;
    Result<void> write_all(std::span<const std::string_view> parts) override;
    /// At the end: some filesystems tell only now that there was no room.
    Result<void> close();

private:
    StreamFile(std::string path, UniqueFd fd, bool was_made);
    Result<void> check(std::span<const ImagePlace> images) const;
    Result<void> begin();

    std::string path_;
    UniqueFd fd_;
    FdSink sink_;
    bool was_made_;
    bool has_begun_ = false;
};

/// Remembers whether anything went through, and what went wrong.
class WatchedSink final : public OutputSink {
public:
    /// sink outlives it.
    explicit WatchedSink(OutputSink& sink) : sink_(sink) {}

    Result<void> write(std::string_view text) override { return watch(sink_.write(text)); }
    Result<void> write_all(std::span<const std::string_view> parts) override { return watch(sink_.write_all(parts)); }

    bool has_begun() const { return has_begun_; }
    const std::optional<Error>& failure() const { return failure_; }

private:
    Result<void> watch(Result<void> written);

    OutputSink& sink_;
    bool has_begun_ = false;
    std::optional<Error> failure_;
};

} // namespace btrkit::apps
