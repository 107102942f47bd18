// SPDX-License-Identifier: MIT
// What the files of a stretch of a file tree amount to. Stretches that follow each other make one: so a subtree is the
// sum of its children, and one that many snapshots share is summed up once.
#pragma once

#include "libfs/ops/usage/files/file_part.h"

#include <functional>
#include <optional>
#include <span>

namespace btrkit::usage {

/// Sums of files of which all is known.
struct FileSums {
    u64 file_count = 0;
    u64 inline_count = 0;
    u64 fragment_count = 0;
    u64 files_with_data = 0;  ///< in extents
    u64 fragmented_files = 0; ///< that have more than one fragment
    KindUses inline_uses = {};

    FileSums& operator+=(const FileSums& other);
    /// Other than regular files (symlinks) are passed over.
    void add(const FilePart& file);
};

/// Takes files of which all is known.
using SettleFile = std::function<void(const FilePart&)>;

/// Files that lie wholly inside are settled, and only their sums are left. The first and the last may go on beyond the
/// borders and stay open.
struct Stretch {
    std::optional<FilePart> first; ///< nothing: no items of files at all
    std::optional<FilePart> last;  ///< nothing: the first is the only one
    FileSums sums;

    static Stretch of(std::span<const FilePart> parts, const SettleFile& settle);
    /// A later stretch.
    void append(const Stretch& later, const SettleFile& settle);
    /// What follows is not known: whatever is open ends here.
    void close(const SettleFile& settle);

private:
    void settle_one(const FilePart& file, const SettleFile& settle);
};

} // namespace btrkit::usage
