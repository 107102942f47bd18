// SPDX-License-Identifier: MIT
// The second look at a tree whose names don't cancel out: which of them, and what is missing.
#pragma once

#include "libfs/ops/check/context.h"
#include "libfs/survey/scan/block_scan.h"

namespace btrkit::check {

/// Reports every name that does not stand in all three places alike, every entry with a wrong file type, inodes that
/// are named but missing, and inodes without names that have no orphan item. Memory is bounded by
/// RunContext::memory_bytes: a tree with more files is walked several times.
void find_name_differences(Context& context, const survey::ScanRoot& root);

} // namespace btrkit::check
