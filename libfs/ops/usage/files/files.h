// SPDX-License-Identifier: MIT
// Who has the data: what `btrfs filesystem du` and compsize tell of a mounted filesystem, and what they can't.
//
//   1. Paths that were asked for become inodes of trees (asked_files.h). Without paths all subvolumes are asked for.
//   2. The nodes of all file trees, level by level: which trees reach which leaf (survey/sharing/).
//   3. Every leaf once, in key order: file by file, what is inline and in how many fragments (stretch.h), and the
//      references to data extents, each with the trees that reach it (data_ref.h).
//   4. The references by extent: who else has it, and which part of it nobody sees (extent_group.h). That is accounted
//   for
//      subvolumes (subvolume_account.h) or paths (path_account.h).
//   Where the references are too many for the memory, 3 and 4 are done again for the addresses that are left.
//   5. The names of the worst files.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/usage/files/data_kind.h"

#include <string>
#include <vector>

namespace btrkit::usage {

/// Of a subvolume, a path, or all that was asked for.
struct FileUse {
    u64 file_count = 0; ///< regular files
    /// What `btrfs filesystem du` calls so. Total and exclusive are bytes of files, whether they are compressed or not;
    /// set shared is the length of what is shared, each place once; of compressed extents it is as FIEMAP has it
    /// (docs/decisions.md).
    u64 total_bytes = 0;
    u64 exclusive_bytes = 0;
    u64 set_shared_bytes = 0;
    /// On disk: extents, each once, as far as any file has a part of them. Those that nobody else has: what deleting
    /// these files would give back.
    u64 disk_bytes = 0;
    u64 sole_disk_bytes = 0;
    KindUses kinds = {}; ///< as compsize has them, with what is inline
    u64 extent_count = 0;
    u64 ref_count = 0;
    u64 inline_count = 0;
    u64 fragment_count = 0;
    u64 files_with_data = 0; ///< in extents
    u64 fragmented_files = 0;
    /// Of the extents that it has (disk_bytes), what no file of anybody sees.
    u64 wasted_bytes = 0;
};

struct SubvolumeUse {
    u64 id = 0;
    std::string path; ///< from the top; "/" is the top-level one; empty: it is deleted and waits to be cleaned up
    FileUse use;
    u64 metadata_bytes = 0;      ///< tree blocks that it reaches
    u64 sole_metadata_bytes = 0; ///< and no one else
};

/// What was asked for by path, with all that is below it.
struct PathUse {
    std::string path;
    FileUse use;
};

/// One line of `btrfs filesystem du` below a path.
struct FileLine {
    std::string path;
    bool is_directory = false;
    u64 total_bytes = 0;
    u64 exclusive_bytes = 0;
};

struct WorstFile {
    u64 tree = 0;
    std::string subvolume; ///< its path
    std::string path;      ///< from its subvolume's top; empty: it could not be found
    u64 inode = 0;
    u64 fragment_count = 0; ///< where it is listed for these
    u64 bytes = 0;          ///< of data, or that are wasted
};

struct FilesReport {
    FileUse all;                          ///< the subvolumes that are not deleted, or all paths together
    std::vector<SubvolumeUse> subvolumes; ///< by id; empty where paths were asked for
    std::vector<PathUse> paths;           ///< as they were asked for
    std::vector<FileLine> lines;          ///< of paths, in the peer's order; a directory behind what is in it
    std::vector<WorstFile> most_fragmented;
    std::vector<WorstFile> most_wasteful;
    /// Of the whole filesystem, whatever was asked for.
    u64 partly_seen_extents = 0; ///< extents of which a part is seen by no one
    u64 wasted_bytes = 0;
    u64 lost_block_count = 0; ///< tree blocks that can't be read: what they held is not counted
    /// Directories below the paths that could not be read, the first of them: files in them are not counted.
    std::vector<Error> path_errors;
    bool is_complete = true; ///< nothing was lost, and the root tree is whole
    unsigned pass_count = 0; ///< how often the leaves were read
};

struct FilesOptions {
    std::vector<std::string> paths; ///< from the top-level subvolume; empty: all subvolumes
    bool lines = false;             ///< a line for each file and directory below the paths
    std::size_t most_worst = 10;    ///< files in each list of worst files
};

/// RunContext::memory_bytes: half of it is for references (64 bytes each); beyond that leaves are read several times.
/// What also grows: 16 bytes a leaf; about 300 bytes for each block that subvolumes share; and where paths are asked
/// for, 40 bytes a file, and its path for a line; of these there are at most so many as memory_bytes has 32 bytes for.
/// Fails with not_found, damaged or refused (a path), or with cancelled.
Result<FilesReport> measure_files(const Filesystem& filesystem, const FilesOptions& options, const RunContext& context);

} // namespace btrkit::usage
