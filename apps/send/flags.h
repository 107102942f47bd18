// SPDX-License-Identifier: MIT
// send's options, as far as they can be understood without looking at anything.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/ops/send/send.h"

namespace btrkit::apps {

struct SendFlags {
    std::vector<std::string> images;        ///< of the filesystem
    std::vector<std::string> parent_images; ///< of that in which the parent lies; empty: the same
    VolumeOptions volume;                   ///< for both filesystems
    send::Options send;
    Parallelism parallelism;
    OutputFormat format = OutputFormat::text;
    std::optional<std::string> file; ///< where the stream goes; nothing: standard output, or nowhere in a dry run
};

/// nullopt: go on. Otherwise everything is said, and this is the exit status.
std::optional<int> read_send_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, SendFlags& flags);

} // namespace btrkit::apps
