// SPDX-License-Identifier: MIT
// By which superblock and which roots a filesystem is read.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::apps {

struct RootsFlags {
    FilesystemOptions open;
    std::optional<u64> tree_root;
    std::optional<u64> chunk_root;

    /// After the command line was read.
    FilesystemOptions chosen() const;
};

/// --super, --backup, --tree-root, --chunk-root.
void add_roots_flags(CommandLine& line, RootsFlags& flags);

} // namespace btrkit::apps
