// SPDX-License-Identifier: MIT
// What an unreplayed log uses: its own blocks, and data that only it refers to. The extent tree knows of neither.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/verify/extent_source.h"

#include <vector>

namespace btrkit::survey {

struct LogSpace {
    std::vector<UsedExtent> extents; ///< by address
    std::vector<Promise> trees;      ///< the roots of the log trees; each holds checksums of what it refers to
    bool is_complete = true;         ///< nothing of it was lost
};

/// Empty where there is no log.
LogSpace read_log_space(const Filesystem& filesystem);

/// Another source and a list, together.
class MergedExtents final : public ExtentSource {
public:
    MergedExtents(ExtentSource& source, std::span<const UsedExtent> list) : source_(source), list_(list) {}

    const UsedExtent* find(u64 at) override;

private:
    ExtentSource& source_;
    std::span<const UsedExtent> list_; ///< by address
};

} // namespace btrkit::survey
