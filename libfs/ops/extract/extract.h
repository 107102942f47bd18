// SPDX-License-Identifier: MIT
// Files taken out of a filesystem, every byte proven, past whatever is damaged.
//
//   1. Walker goes through the directories, in order, into child subvolumes; the target makes directories and says what
//      it has already.
//   2. Files are read on all threads, small ones many at a time, large ones piece by piece: extents, attributes, data
//      from whichever copy is good. The target writes them there and then, or waits for
//   3. finish, in order: links, attributes of directories that are complete, archives.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/extract/report.h"
#include "libfs/ops/extract/target.h"
#include "libfs/ops/source/adjust.h"

namespace btrkit::extract {

struct Options {
    std::vector<std::string> paths; ///< what to take; none: everything
    std::string as;                 ///< the name at the target of what the one path names; empty: its path
    bool takes_snapshots = false;
    Bad bad = Bad::skip;
    source::Ownership ownership = {}; ///< ids that it has nothing for become those of nobody
    std::optional<u64> most_bytes;    ///< of data and entries; nothing: a multiple of the devices
};

/// Each name counts so much against the limit, whatever it holds.
inline constexpr u64 name_bytes = 4096;

/// Fails with not_found, io, no_space, refused (the limit) or cancelled; what is out already stays.
Result<Report> run(const Filesystem& filesystem, Target& target, const Options& options, const RunContext& context);

} // namespace btrkit::extract
