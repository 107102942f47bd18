// SPDX-License-Identifier: MIT
// Whether a log can be replayed, as mounting does first of all.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/check/mount/chunk_comparison.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

/// Why kernels give up replaying the log of a filesystem in which this was found; empty: there is none, or they don't.
std::string_view why_log_is_stuck(const survey::Findings& findings, const Filesystem& filesystem,
                                  const ChunkComparison& chunks);

} // namespace btrkit::check
