// SPDX-License-Identifier: MIT
// What btrkit-dump-image was asked for.
#pragma once

#include "apps/common/command_line.h"
#include "apps/common/roots_flags.h"
#include "libfs/ops/dump_image/hide.h"

namespace btrkit::apps {

struct DumpImageFlags {
    std::vector<std::string> images;
    std::string dump;    ///< that is written; "-": standard output
    std::string restore; ///< that is read; "-": standard input
    bool is_restore = false;
    bool overwrite = false;
    dump_image::Privacy privacy = dump_image::Privacy::contents;
    RootsFlags roots;
    std::optional<u64> most_bytes;
    OutputFormat format = OutputFormat::text;
    unsigned threads = 1;
};

/// Reads the arguments; a status means that there is nothing more to do.
std::optional<int> read_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, DumpImageFlags& flags);

} // namespace btrkit::apps
