// SPDX-License-Identifier: MIT
// scrub's options, as far as they can be understood without looking at anything.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/ops/scrub/scrub.h"

namespace btrkit::apps {

struct ScrubFlags {
    std::vector<std::string> images;
    VolumeOptions volume;
    scrub::Options scrub;
    Parallelism parallelism;
    u64 memory_bytes = u64{64} << 20;
    OutputFormat format = OutputFormat::text;
    bool repair = false;
    bool dry_run = false;             ///< as with repair, but nothing is written
    std::vector<std::string> donors;  ///< paths
    u64 limit_bytes_per_second = 0;   ///< 0: none
    std::optional<std::string> state; ///< path of the state file
    bool resume = false;              ///< never without state
    bool per_device = false;          ///< -d
    bool raw = false;                 ///< -R

    bool writes() const { return repair && !dry_run; }
    bool tries_repair() const { return repair || dry_run; }
};

/// nullopt: go on. Otherwise everything is said, and this is the exit status.
std::optional<int> read_scrub_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                    ScrubFlags& flags);

} // namespace btrkit::apps
