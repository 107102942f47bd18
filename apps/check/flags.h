// SPDX-License-Identifier: MIT
// check's options, as far as they can be understood without looking at anything.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/ops/check/check.h"
#include "libfs/ops/repair/repair.h"

namespace btrkit::apps {

struct CheckFlags {
    std::vector<std::string> images;
    FilesystemOptions open;
    check::Options check;
    Parallelism parallelism;
    u64 memory_bytes = u64{256} << 20;
    OutputFormat format = OutputFormat::text;
    std::optional<u64> subvol_extents; ///< print these and nothing else
    bool force = false;                ///< also what is mounted

    bool repairs = false;
    bool plans_only = false; ///< what a repair would do, and nothing is written
    std::string undo_path;   ///< of a repair
    repair::Options repair;
};

/// nullopt: go on. Otherwise everything is said, and this is the exit status.
std::optional<int> read_check_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                    CheckFlags& flags);

} // namespace btrkit::apps
