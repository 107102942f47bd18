// SPDX-License-Identifier: MIT
// Send streams as a filesystem to take files out of: received into an image that nobody sees and that goes with this.
#pragma once

#include "apps/created/created_image.h"
#include "libfs/fs/filesystem.h"
#include "libfs/io/writable_file.h"

#include <memory>
#include <string>
#include <vector>

namespace btrkit::apps {

class ReceivedStreams {
public:
    /// size_bytes: of the image, by size_for_streams(); folder: where it lies, as much of it as is written. Fails as
    /// receive::run(), and with io.
    static Result<ReceivedStreams> receive(std::span<const StreamInput> inputs, u64 size_bytes,
                                           const std::string& folder, const RunContext& context);

    const Filesystem& filesystem() const { return *filesystem_; }
    /// The subvolumes that no other one of them is made from: what a chain of streams leads to.
    const std::vector<std::string>& ends() const { return ends_; }

private:
    ReceivedStreams() = default;
    Result<void> open_image(u64 size_bytes, const std::string& folder, const RunContext& context);

    std::unique_ptr<WritableFile> device_; ///< without a name by now
    std::optional<Filesystem> filesystem_;
    std::vector<std::string> ends_;
};

} // namespace btrkit::apps
