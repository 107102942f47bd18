// SPDX-License-Identifier: MIT
// Trees as text: which of them, in which order, in which form. Reads, proves and renders on all cores; the output is
// the same at any number of threads, and memory does not grow with the image.
//
// run() does this, in this order:
//
//  1. Where a path was given: find its inode, and narrow the keys to it.
//  2. Plan the sections: headings, and trees below them, in the peer's order.
//  3. Walk the tree of each section, and gather its blocks into batches (one thread).
//  4. Read each batch, prove its blocks, check their items and render them (all threads).
//  5. Tell the problems of each batch and write its text (in order).
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::dump_tree {

enum class Format {
    text, ///< what btrfs-progs 6.19 prints, to the byte
    json, ///< a JSON object a line
    lines ///< a line of text an item
};

struct Options {
    Format format = Format::text;

    // Which trees. Nothing set: all of them.
    bool extents = false;    ///< extent and device trees only
    bool devices = false;    ///< root, chunk and device trees only
    bool uuids = false;      ///< uuid tree only
    bool roots = false;      ///< only where the roots are; has no form of lines
    bool backups = false;    ///< with roots: the backup roots too
    std::vector<u64> trees;  ///< these only, in this order
    std::vector<u64> blocks; ///< these blocks only, by logical address
    bool follow = false;     ///< with blocks: their children too
    bool copies = false;     ///< with blocks, without follow: each copy by itself, good or bad; has no form of lines
    std::optional<std::string> path; ///< the items of this file or directory only

    WalkOrder order = WalkOrder::breadth_first;
    KeyRange keys; ///< items outside are left out, and with them all nodes

    bool hide_names = false;
    bool csum_headers = false;
    bool csum_items = false;
    std::string first_line; ///< without its end: of the text form, name and version; of JSON, the header
};

struct Report {
    u64 block_count = 0;
    u64 item_count = 0;
    u64 problem_count = 0; ///< told to the context, notes not counted
};

/// Fails where the output does, and where what was asked for is not there (usage, not_found, damaged), or with
/// cancelled. Has no phases: what it prints shows how far it is.
Result<Report> run(const Filesystem& filesystem, OutputSink& out, const Options& options, const RunContext& context);

} // namespace btrkit::dump_tree
