// SPDX-License-Identifier: MIT
// Send streams become subvolumes: all of them, or nothing.
//
//  1. Begin a transaction: what must not be changed is refused here.
//  2. Put the inputs into the order in which they stand on each other (input_streams.h).
//  3. Read commands, on one thread; what they bring of data is proven, compressed where that is wanted, and checksummed
//     on all cores (command_reader.h, prepare_batch.h); then, in their order again, they become changes of trees
//     (receiver.h). Data goes to free space at once; names and inodes wait in the trees' buffers.
//  4. A subvolume that is whole is marked as received, and becomes read-only.
//  5. Commit (ops/commit): prove, save for undo, write. Whatever goes wrong before that, nothing has happened.
//
// More faithful than a kernel: nothing is inherited from directories, times are those of the stream, ctime too, and
// what it can't say is in docs/format.md 14.4.
#pragma once

#include "libfs/edit/subvolume_editor.h"
#include "libfs/fs/compression.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/stream/stream_source.h"

#include <functional>

namespace btrkit::receive {

/// A subvolume whose first command has come.
struct BegunSubvolume {
    std::string name;
    bool is_snapshot = false;
};

struct Options {
    commit::Options commit = {};
    TransactionOptions transaction = {};
    Time now = {};               ///< what is made or changed is dated, but for what the stream dates
    std::string directory = "/"; ///< where the subvolumes come to stand
    /// Makes the uuids of the new subvolumes.
    std::function<btrfs::Uuid()> new_uuid;
    /// Told of each subvolume as it begins. Empty: nobody wants to know.
    std::function<void(const BegunSubvolume&)> on_begin = {};
    bool ends_at_end = false;   ///< nothing behind the first `end` of an input is wanted
    bool keeps_partial = false; ///< where a stream fails, what came of its subvolume is kept, as a writable one
    /// So many commands may fail, one less than that without ending it; 0: any number. Where some have failed the
    /// subvolume is kept as with keeps_partial.
    u64 max_errors = 1;
    /// Told of each command that has failed where it goes on. Empty: nobody wants to know.
    std::function<void(const Error&)> on_error = {};
    bool commits_each = false;     ///< a commit for each subvolume; what was committed stays whatever becomes of others
    bool force_parent = false;     ///< parents and clone sources may have changed
    bool force_decompress = false; ///< what comes compressed is stored uncompressed
    CompressionMethod compression = {}; ///< of what comes uncompressed, where the file says nothing else
};

struct ReceivedSubvolume {
    std::string name;
    u64 id = 0;
    btrfs::Uuid uuid{};
    Origin origin{};
    std::optional<u64> parent_id = {}; ///< of a snapshot
    u64 commands = 0;
    u64 data_bytes = 0;   ///< of files, as they stand there
    u64 cloned_bytes = 0; ///< of files, shared with what was there
    bool is_whole = false;
};

struct Report {
    std::vector<ReceivedSubvolume> subvolumes; ///< in the order in which they were made
    /// Why not all is there, or the last one is not whole; only with keeps_partial or commits_each.
    std::optional<Error> failure = {};
    commit::Report commit = {}; ///< of several together
};

/// The devices are the filesystem's, by devid. Fails, with the place in the stream and the path, with damaged where a
/// stream is, refused where it would lead out or needs what is not there as it was sent, not_found, no_space; and as
/// Transaction::begin() and commit::run().
Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, std::span<const StreamSource> inputs,
                   const Options& options, const RunContext& context);

} // namespace btrkit::receive
