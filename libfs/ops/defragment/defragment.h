// SPDX-License-Identifier: MIT
// Files laid out anew, in all subvolumes at once: whoever shares an extent shares it afterwards.
//
// run() makes one commit, or several where free space asks for it; each leaves a whole filesystem, and each is proven.
// Subvolumes that are deleted and not cleaned up yet are deleted first, in a commit of their own. Before each other one
// it looks at the filesystem anew:
//
//  1. Read all data extents (data_extents.h), and who refers to which part of them (uses.h). Those that none of the
//     files shows that the user asks for are left alone (wanted_files.h).
//  2. Cut extents wherever a view of them begins or ends; find what everybody sees side by side (atoms.h). What nobody
//     sees is given back.
//  3. Put together the extents that are to be, as large as the kernel makes them (planned_extents.h).
//  4. Where the user wants it, pack data anew (recompress.h).
//  5. Give room, in one piece, to what does not lie in one piece (place_extents.h).
//  6. Carry it out (relocate/lay_out.h). Where the leaves of subvolumes lie far apart, their blocks are laid out anew,
//     too.
#pragma once

#include "libfs/ops/commit/commit.h"
#include "libfs/ops/defragment/file_fragments.h"
#include "libfs/ops/defragment/planned_extents.h"
#include "libfs/ops/defragment/wanted_files.h"

namespace btrkit::defragment {

struct Options {
    commit::Options commit = {};
    TransactionOptions transaction = {};
    Selection selection = {};
    std::size_t most_files = 0;                       ///< so many fragmented files are told of
    bool keeps_views = false;                         ///< JoinRules
    u64 threshold_bytes = ~u64{0};                    ///< extents as large as that are left alone
    u64 limit_bytes = ~u64{0};                        ///< of data moved in one commit: what it takes until then
    std::optional<CompressionMethod> recompress = {}; ///< data is packed like that where that pays; none: unpacked
};

/// Of the data that was looked at.
struct Shape {
    u64 extent_count = 0;
    u64 fragment_count = 0; ///< pieces in which files lie; a piece that several share counts for one of them
    u64 unseen_bytes = 0;   ///< of extents, that no file shows
};

struct Report {
    commit::Report commit = {}; ///< of all commits together
    Shape before = {};
    Shape after = {};
    std::vector<u64> cleaned_up = {}; ///< subvolumes that were deleted before, by id
    u64 commit_count = 0;
    u64 data_bytes = 0;                    ///< moved, in all commits
    u64 block_count = 0;                   ///< of subvolumes, written anew
    std::vector<FileFragments> files = {}; ///< as the first commit finds them
    bool needs_more = false; ///< there is more to do, for which there was no room; or a dry run has shown one commit
};

/// The devices are those of the filesystem, by devid. With an undo file there is one commit, and needs_more tells what
/// is left. Fails as lay_out() and commit::run(). Where commits stand already, the message says so.
Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options,
                   const RunContext& context);

} // namespace btrkit::defragment
