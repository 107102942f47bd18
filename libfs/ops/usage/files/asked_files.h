// SPDX-License-Identifier: MIT
// The files below paths that were asked for, as inodes of trees.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/ops/usage/files/file_trees.h"
#include "libfs/ops/usage/files/files.h"
#include "libfs/ops/usage/files/worst_files.h"

namespace btrkit::usage {

/// A regular file that is to be counted for a path, and for a line where there are lines.
struct AskedFile {
    FileId id;
    u32 path = 0;
    u32 line = 0;
};

/// A line of the report: a file, or a directory behind all that is in it.
struct AskedLine {
    static constexpr u32 no_parent = ~u32{0};

    std::string path;
    u32 parent = no_parent; ///< the line of its directory
    bool is_directory = false;
};

struct AskedFiles {
    std::vector<AskedFile> files; ///< by tree, inode and path
    std::vector<AskedLine> lines; ///< in the peer's order
    /// Directories that could not be read, the first of them; and whether there were any.
    std::vector<Error> errors;
    bool is_complete = true;

    std::span<const AskedFile> find(const FileId& id) const;
    /// Whether anything of that tree was asked for.
    bool has_tree(u32 number) const { return number < has_tree_.size() && has_tree_[number]; }

    std::vector<bool> has_tree_; ///< by number
};

/// Walks through directories and into the subvolumes that hang in them, as the peer does: what is neither file nor
/// directory is passed over, and an inode with several names below one path counts once, under the first of them.
/// Fails with not_found or damaged (a path itself), or with cancelled.
Result<AskedFiles> find_asked_files(const Filesystem& filesystem, const FileTrees& trees, const FilesOptions& options,
                                    const RunContext& context);

} // namespace btrkit::usage
