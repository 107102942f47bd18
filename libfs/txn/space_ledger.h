// SPDX-License-Identifier: MIT
// The space of a filesystem during one transaction: what is given out, what is given back.
//
// Only what is free in the committed filesystem is given out. What the run gives back stays as it is until the new
// superblocks stand, for the old ones still speak of it; but what this run took itself can be had again at once.
// A block group is read, from the extent tree, when something is first wanted from it; what the free space tree says of
// it must be the same then.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/space/block_group_space.h"
#include "libfs/tree/block_cache.h"
#include "libfs/txn/chunk_growth.h"
#include "libfs/txn/group_extents.h"

#include <cstdint>
#include <map>

namespace btrkit {

/// What became of a block group since it was last asked.
struct GroupChange {
    Chunk chunk;
    RangeSet taken;
    RangeSet freed;
    std::int64_t used_bytes = 0;
    bool is_new = false; ///< no tree knows of it yet; used_bytes and free space are all of it
    /// The group was cut: what trees have of this one goes. New is what is left, unless nothing is.
    std::optional<Chunk> was = {};
    bool is_gone = false;
    RangeSet allocated = {}; ///< of what is left of a group that was cut: what extents had of it before
};

class SpaceLedger {
public:
    /// The trees of the committed filesystem that tell of space.
    struct Trees {
        Promise extents;
        Promise block_groups;              ///< the extent tree, or the tree of their own
        std::optional<Promise> free_space; ///< where there is one and it is valid
    };

    /// Filesystem, cache and growth must outlive it.
    SpaceLedger(const Filesystem& filesystem, BlockCache& cache, const Trees& committed, ChunkGrowth& growth)
        : filesystem_(&filesystem), cache_(&cache), growth_(&growth), committed_(committed) {}

    /// A place for a block of that tree. Fails with no_space, and with damaged where what is recorded of a block group
    /// contradicts itself.
    Result<Logical> take_block(u64 tree);
    /// Space for data, in whole sectors: that many bytes where there is such a piece, else fewer, unless it must be one
    /// piece. A chunk is laid before a file is cut into pieces of less than 1 MiB. Fails as take_block() does.
    Result<Range> take_data(u64 bytes, bool in_one_piece);
    /// Takes exactly these bytes. Fails with bug where they are not free, and with damaged.
    Result<void> claim(Range range);
    /// Before anything else is asked of it: these bytes are not given out, though no extent has them.
    void pin(RangeSet bytes) { pinned_ = std::move(bytes); }
    /// Takes exactly these bytes, pinned or not: an extent stands there that no tree records yet. Fails with damaged
    /// where they are not free.
    Result<void> adopt(Range range);
    /// Before anything else is asked of it: reads what extents have of every group and goes by that alone, whatever
    /// else is recorded; by address. Fails with damaged where extents overlap or leave their group.
    Result<std::vector<GroupExtents>> trust_extents();
    /// The same by what somebody else knows of every group, whatever is recorded, extents too.
    void trust(std::span<const GroupExtents> groups);
    /// A new group whose chunk the growth knows already.
    void add_group(const Chunk& chunk);
    /// A committed group is cut to what is left, or goes: nothing is taken from the rest, and what extents have there
    /// must be released before the end. To be told before anything is taken. Fails with damaged.
    Result<void> cut_group(const Chunk& chunk, const std::optional<Chunk>& left);
    /// Of an extent that is no more. Fails with damaged where no block group holds it.
    Result<void> release(Range range);
    /// The same of many, whose addresses ascend, at once.
    Result<void> release(std::span<const Range> ranges);

    bool has_changes() const { return !changes_.empty(); }
    /// All changes since the last call, by address.
    std::vector<GroupChange> take_changes();
    /// Of all changes so far together.
    std::int64_t used_bytes_change() const { return used_bytes_change_; }

private:
    struct Group {
        u64 key = 0;        ///< where its committed chunk begins, or its new one
        Chunk chunk;        ///< what is left of it
        u64 used_bytes = 0; ///< as the committed block group item says
        std::optional<BlockGroupSpace> space;
        u64 lacks_bytes = ~u64{0}; ///< there is no piece as long as that
        bool is_gone = false;
    };

    Result<std::vector<Group*>*> groups_for(u64 wanted);
    Result<std::optional<Logical>> take_from(std::span<Group* const> groups, u64 bytes);
    Result<std::optional<Range>> take_longest(std::span<Group* const> groups, u64 most_bytes, u64 least_bytes);
    Result<bool> grow(u64 type);
    Result<u64> read_used_bytes(const Chunk& chunk);
    Result<RangeSet> load(Group& group);
    void open(Group& group, const RangeSet& allocated);
    Result<void> compare_recorded(const Chunk& chunk, const RangeSet& allocated);
    Result<Group*> group_at(Logical at);
    void note_taken(const Group& group, Range range);
    Result<bool> release_together(const Chunk& chunk, const RangeSet& ranges);

    const Filesystem* filesystem_;
    BlockCache* cache_;
    ChunkGrowth* growth_;
    Trees committed_;
    RangeSet pinned_;
    std::map<u64, Group> groups_;                       ///< by key
    std::map<u64, std::vector<Group*>> groups_of_type_; ///< those that had most free space first
    std::map<u64, GroupChange> changes_;                ///< by key of the group
    std::int64_t used_bytes_change_ = 0;
};

} // namespace btrkit
