// SPDX-License-Identifier: MIT
// All metadata of a filesystem in one small file, for who is to look at what is wrong with it: superblocks and every
// copy of every tree block that anything leads to, damaged ones as they are, but for what is nobody's business; no
// data.
//
//   1. The superblocks of all devices that were given.
//   2. MetadataWalk: all tree blocks, wave by wave; copies are read, hidden and packed on all threads.
//   3. What stands where a tree block was expected; the old free space caches; the parity of all that.
//
// docs/dump-image.md has the file.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/dump_image/hide.h"
#include "libfs/ops/dump_image/report.h"

namespace btrkit::dump_image {

struct Options {
    Privacy privacy = Privacy::contents;
};

/// The same bytes for the same filesystem, whatever the threads. Fails with io, unsupported (too many devices) or
/// cancelled.
Result<Report> run(const Filesystem& filesystem, OutputSink& sink, const Options& options, const RunContext& context);

} // namespace btrkit::dump_image
