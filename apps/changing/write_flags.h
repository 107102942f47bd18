// SPDX-License-Identifier: MIT
// The options that all tools have that change a filesystem in one commit.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/base/parallelism.h"

namespace btrkit::apps {

struct WriteFlags {
    std::vector<std::string> images;
    OutputFormat format = OutputFormat::text;
    Parallelism parallelism;
    bool dry_run = false;
    bool no_proof = false;
    std::string undo_path;
    std::optional<u64> memory_bytes;
};

/// IMAGE, --member, --dry-run, --undo, --no-proof, --memory, --threads, --format, --progress. has_short_dry_run: -n is
/// --dry-run, and nothing else.
void add_write_flags(CommandLine& line, WriteFlags& flags, bool has_short_dry_run = true);

} // namespace btrkit::apps
