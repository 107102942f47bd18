// SPDX-License-Identifier: MIT
// Send streams of snapshots: whole ones, or what has changed since another snapshot.
//
// run() does this, in this order:
//
//  1. Find the subvolumes, parents and clone sources that were asked for; refuse what may not be sent; pick a parent
//     for each subvolume, and refuse one that is no relation. Nothing was written so far.
//  2. Where a total is wanted: do all of 3 to 7 with an encoder that counts, telling nobody.
//  3. For each subvolume: with Options::skip_errors, walk through its difference from its parent; where that can't be
//     told, forget the parent. Tell that it begins. Write the header of the stream (with Options::omit_end: of the
//     first one only) and the command that begins the subvolume or snapshot.
//  4. Walk the items of the snapshot and its parent together, in key order, past what they share.
//  5. For each inode on the way: make or delete it, under a temporary name; give it its names, moving others out of the
//     way; send its attributes and contents (data written, cloned or left as holes), then its size, owner and mode;
//     then the moves and deletions of directories that waited for it, and its times.
//  6. Send the times of directories whose entries changed, and the end command (with Options::omit_end: of the last one
//     only).
//  7. Add the subvolume to the clone sources of those that follow, if parents are picked.
//  8. Wait until everything is written, and fill in the Report.
//
// Small commands are encoded in this thread; file data is read, proven and encoded by others, and written in order
// (output/).
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"

#include <functional>
#include <string>
#include <vector>

namespace btrkit::send {

struct Options {
    /// What to send, in this order: each by path ("/snapshots/1") or by id ("257"; a path that looks like one:
    /// "./257").
    std::vector<std::string> subvolumes;
    /// -p: what all of them are sent against; -c: what else may be cloned from. Each by path or id.
    std::optional<std::string> parent;
    std::vector<std::string> clone_sources;
    u32 version = 1;              ///< of the stream
    bool compressed_data = false; ///< compressed extents as they are (version 2 and later)
    bool no_data = false;         ///< UPDATE_EXTENT instead of file data
    bool omit_end = false;        ///< -e: of several subvolumes, one header at the beginning and one end at the end
    bool allow_writable = false;  ///< send what is not read-only too: the image is at rest
    /// Go on past what can't be read. A subvolume whose difference from its parent can't be told is sent whole.
    bool skip_errors = false;
    bool dry_run = false;     ///< write nothing, tell exact sizes and what would be sent
    bool wants_total = false; ///< find out the exact size first, for progress with a total; not in a dry run
};

/// Something that could not be read and was left out.
struct Skipped {
    std::string path;               ///< from the top of the snapshot, "." for that itself; empty: it is no single one
    std::optional<u64> file_offset; ///< nothing: not only data
    u64 length = 0;
    std::string why;
};

enum class PathChange { created, deleted, renamed, linked, unlinked, contents, attributes };

/// What is sent about one path, in the order of the stream.
struct ChangedPath {
    PathChange change = PathChange::created;
    std::string path;      ///< where it is in the snapshot; of deleted ones, where it was in the parent
    std::string from = {}; ///< of renamed ones: where it was
    u64 inode = 0;
    u64 data_bytes = 0; ///< of its contents that is in the stream
};

struct SentSubvolume {
    u64 id = 0;
    std::string name;
    btrfs::Uuid uuid = {}; ///< as the stream has it
    u64 ctransid = 0;
    std::optional<u64> parent_id = {}; ///< nothing: sent whole
    u64 stream_bytes = 0;              ///< of it, header and end included
};

struct Report {
    std::vector<SentSubvolume> sent;
    std::vector<Skipped> skipped; ///< the first ones; skipped_count has all
    u64 skipped_count = 0;
    u64 stream_bytes = 0;
};

/// What the caller may do meanwhile.
struct Hooks {
    std::function<void(const SentSubvolume&)> begun = {}; ///< told when one begins
    std::function<void(const ChangedPath&)> changed = {}; ///< in a dry run: told what changed
};

/// Sends. parent_image: the filesystem that parent lies in; null: the same. out: where the stream goes; a dry run does
/// not use it. Nothing is written before all that was asked for is found and allowed; where it fails later, the stream
/// has no end command. Fails with usage, not_found, refused (writable, no relation), damaged, unsupported, io or
/// cancelled.
Result<Report> run(const Filesystem& filesystem, const Filesystem* parent_image, OutputSink& out,
                   const Options& options, const RunContext& context, const Hooks& hooks = {});

} // namespace btrkit::send
