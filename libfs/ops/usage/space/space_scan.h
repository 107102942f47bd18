// SPDX-License-Identifier: MIT
// One look at the extent tree: what is used and free in every chunk, in memory that does not grow with extents.
#pragma once

#include "libfs/ops/usage/space/size_classes.h"
#include "libfs/survey/survey.h"

#include <map>

namespace btrkit::usage {

/// One of the equal parts of a chunk.
struct SpaceBucket {
    u64 used_bytes = 0;
    double generation_bytes = 0; ///< generation of each extent, times its bytes here
    u64 extent_count = 0;        ///< that begin here
    u64 free_run_count = 0;      ///< free ranges that begin here
};

struct ChunkSpace {
    const Chunk* chunk = nullptr;
    u64 used_bytes = 0;              ///< what extents have of it
    std::optional<u64> stated_bytes; ///< what its block group item says is used; nothing: there is none to be read
    SizeClasses free;                ///< free ranges, without the places of superblocks
    u64 bucket_bytes = 0;            ///< of each of these but the last, which may be shorter
    std::vector<SpaceBucket> buckets;

    /// As the block group says, which is what the kernel goes by; else as counted.
    u64 known_used_bytes() const { return stated_bytes.value_or(used_bytes); }
};

struct SpaceFacts {
    std::vector<ChunkSpace> chunks;   ///< in order of their addresses
    std::map<u64, u64> bytes_of_tree; ///< tree blocks by the tree that they belong to; all file trees are fs_tree_id
    u64 data_extent_count = 0;
    u64 data_extent_bytes = 0;
    u64 metadata_bytes = 0;
    bool is_whole = true; ///< nothing of the extent tree was lost
};

/// Parts are no smaller; and all chunks together have about so many at most.
inline constexpr u64 smallest_bucket_bytes = u64{64} << 10;
inline constexpr u64 most_buckets = 32'768;

/// Reads the extent trees and the block group items. Needs survey.roots. Lost blocks are told to survey.run; what they
/// held counts as neither used nor free.
SpaceFacts scan_space(survey::Survey& survey);

} // namespace btrkit::usage
