// SPDX-License-Identifier: MIT
// What a kernel compares chunks with when it mounts: device extents and block groups. Its order counts: what it has
// mapped once hides what comes later at the same address.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

struct ChunkComparison {
    bool chunks_overlap = false;      ///< in a way that a kernel notices
    bool dev_extents_differ = false;  ///< from the chunks
    bool groups_differ = false;       ///< there is one that no chunk, or another one, belongs to
    bool group_missing = false;       ///< of any chunk
    bool first_group_missing = false; ///< of one of the chunks that lie from address 0 on without a gap
};

/// Trees that can't be read are somebody else's to tell. findings: what the scan of chunks, device extents and block
/// groups has found; nothing is read where that is nothing.
ChunkComparison compare_as_kernel(const survey::Findings& findings, const Filesystem& filesystem);

} // namespace btrkit::check
