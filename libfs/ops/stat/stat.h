// SPDX-License-Identifier: MIT
// All that a filesystem knows of one inode.
//
//   1. Its item, its attributes, and every name that its references give it, with the paths of these.
//   2. Each extent: where its first byte lies on the devices, copy by copy, and how many references it has.
//   3. With Options::verify: whether what it holds can be proven.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/file_extents.h"
#include "libfs/fs/xattrs.h"

#include <functional>

namespace btrkit::stat {

struct Options {
    bool verify = false; ///< read all data of the file
    std::size_t most_extents = 1'000'000;
};

struct ExtentStat {
    FileExtent extent;             ///< without inline bytes
    std::vector<Physical> places;  ///< of what the file shows of it; of compressed extents, of their beginning
    std::optional<u64> references; ///< of the whole extent, from everywhere; nothing: not known
};

struct BadStat {
    u64 begin = 0;
    u64 end = 0;
    std::string why;
};

struct Report {
    Inode inode;
    std::vector<Xattr> xattrs;
    std::vector<std::string> paths; ///< from the top of the subvolume, one for each name
    u64 names_without_path = 0;     ///< names in directories that lead nowhere
    std::vector<ExtentStat> extents;
    bool has_all_extents = true;
    u64 bad_bytes = 0;         ///< with verify
    std::vector<BadStat> bad;  ///< the first of them
    std::vector<Error> errors; ///< what could not be read; the rest was
};

/// Fails with not_found or damaged (the inode itself), or with cancelled.
Result<Report> run(const Filesystem& filesystem, const InodePlace& place, const Options& options,
                   const RunContext& context);

} // namespace btrkit::stat
