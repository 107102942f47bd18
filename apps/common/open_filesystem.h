// SPDX-License-Identifier: MIT
// The filesystem on some images, for tools that only read it.
#pragma once

#include "apps/common/messages.h"
#include "libfs/fs/filesystem.h"
#include "libfs/io/image_place.h"

#include <string>
#include <vector>

namespace btrkit::apps {

/// Damage that could be read past: warnings, the first of them.
class Damages {
public:
    explicit Damages(Messages& messages) : messages_(messages) {}

    void tell(const Problem& problem);
    ProblemSink sink() {
        return [this](const Problem& problem) { tell(problem); };
    }
    /// How many there were that were not told.
    void finish();

private:
    static constexpr u64 most_told = 20;

    Messages& messages_;
    u64 count_ = 0;
};

/// nullopt: all is said. An image that is in use is not opened: what changes meanwhile looks damaged. instead: what
/// does not happen then, and what to do: "nothing is sent of it while in use". damages is told what opening finds.
std::optional<Filesystem> open_filesystem(std::span<const ImagePlace> places, const FilesystemOptions& options,
                                          std::string_view instead, const ProblemSink& damages, Messages& messages);

} // namespace btrkit::apps
