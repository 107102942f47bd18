// SPDX-License-Identifier: MIT
// mkfs's options, as far as they can be understood without looking at anything.
#pragma once

#include "apps/common/command_line.h"
#include "apps/mkfs/flag_values.h"
#include "libfs/ops/mkfs/mkfs.h"

namespace btrkit::apps {

struct MkfsFlags {
    std::vector<std::string> images;
    mkfs::Requests requests; ///< fsid and now not yet

    std::string rootdir; ///< empty: none
    std::string tar;     ///< empty: none
    std::vector<SubvolumeFlag> subvolumes;
    std::vector<InodeFlagsFlag> inode_flags;
    mkfs::Ownership ownership;

    std::optional<u64> byte_count;
    std::optional<SizeFlag> size;
    bool shrink = false;
    bool dry_run = false;
    bool force = false;
    bool nodiscard = false;
    bool reflink = false;

    std::optional<std::string> seed;
    OutputFormat format = OutputFormat::text;
    Parallelism parallelism;

    bool has_source() const { return !rootdir.empty() || !tar.empty(); }
};

/// nullopt: go on. Otherwise everything is said, and this is the exit status.
std::optional<int> read_mkfs_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, MkfsFlags& flags);

} // namespace btrkit::apps
