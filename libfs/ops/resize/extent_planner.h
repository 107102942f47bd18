// SPDX-License-Identifier: MIT
// Places for data extents, found on paper: in the holes of block groups that stay, and in chunks that are yet to be
// laid. Nothing is written, and the filesystem does not know of it.
#pragma once

#include "libfs/space/block_group_space.h"
#include "libfs/space/chunk_allocator.h"

#include <map>

namespace btrkit::resize {

class ExtentPlanner {
public:
    explicit ExtentPlanner(ChunkAllocator allocator) : allocator_(std::move(allocator)) {}

    /// A group that stays, with its holes.
    void add_group(BlockGroupSpace space) { groups_[space.type()].push_back({.space = std::move(space)}); }
    /// So many bytes of data of that type (block_group_* flags) are going to be placed: new chunks are made as long.
    void expect(u64 type, u64 bytes) { expected_bytes_[type] += bytes; }

    /// In the first group that has room, else in a new chunk. Nothing where there is none.
    std::optional<Logical> place(u64 type, u64 bytes);
    /// New chunks in which that many bytes are free: for blocks, whose places are not planned. False where there is no
    /// room.
    bool reserve(u64 type, u64 bytes);
    /// What is free in groups of that type, but for those that are full.
    u64 left_bytes(u64 type) const;

    /// By address.
    const std::vector<Chunk>& new_chunks() const { return new_chunks_; }

private:
    struct Group {
        BlockGroupSpace space;
        u64 lacks_bytes = ~u64{0}; ///< there is no piece as long as that
    };

    static std::optional<Logical> take(Group& group, u64 bytes);
    bool grow(u64 type, u64 wanted_bytes, u64 least_bytes);

    ChunkAllocator allocator_;
    std::map<u64, std::vector<Group>> groups_; ///< that may have room, by type
    std::map<u64, u64> expected_bytes_;
    std::vector<Chunk> new_chunks_;
};

} // namespace btrkit::resize
