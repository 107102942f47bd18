// SPDX-License-Identifier: MIT
// Bitmaps of the free space tree, which kernels trust to be there when they write.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

/// Whether a block group that says it uses bitmaps has none for some of its bytes, or one that says it doesn't has one.
/// False where the tree can't be read. findings: what the scan of the tree has found; nothing is read where that is
/// nothing.
bool have_other_bitmaps(const survey::Findings& findings, const Filesystem& filesystem);

} // namespace btrkit::check
