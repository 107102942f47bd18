// SPDX-License-Identifier: MIT
// What a run changes about extents: who refers to them more, who less, which are new. References are counted here and
// come into the extent tree later, all at once; what comes and goes within the run cancels out and never gets there.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/space/extent_record.h"

#include <optional>
#include <span>
#include <unordered_map>

namespace btrkit {

/// One referrer has so many references to an extent more, or less.
struct RefChange {
    u64 bytenr = 0; ///< of the extent
    ExtentRef ref;  ///< its count does not matter
    std::int64_t count = 0;
};

/// One change for each extent and referrer, by address and in the order of records: changes, in their own place.
std::span<RefChange> merged_by_extent(std::span<RefChange> changes);

/// What changes about a tree block, whoever refers to it.
struct BlockChange {
    std::int64_t count = 0; ///< of all references together
    u64 owner = 0;          ///< for a block whose last reference may go; 0 where nobody said
    bool is_born = false;
    bool becomes_full_backref = false;
};

/// The changes to one extent.
struct ExtentChange {
    u64 bytenr = 0;
    ExtentRecord* born = nullptr; ///< the extent is new: all about it but its references
    /// The extent, whose references go on, is of another length and generation.
    const ExtentRecord* recast = nullptr;
    BlockChange block = {}; ///< of a tree block
    std::span<RefChange> refs = {};
};

/// All changes by address, and what they stand in.
struct ExtentChanges {
    std::vector<ExtentChange> changes;
    std::vector<RefChange> refs;
    std::vector<ExtentRecord> born;
    std::vector<ExtentRecord> recast;
};

class RefDeltas {
public:
    void bear(ExtentRecord record);
    /// A data extent that was there already has the record's length and generation from now on.
    void recast(ExtentRecord record) { recast_.push_back(std::move(record)); }
    void add(u64 bytenr, const ExtentRef& ref, std::int64_t count);
    /// Whose the block is, by its header. To be told where something else is told of it, too.
    void set_owner(u64 bytenr, u64 owner) { blocks_[bytenr].owner = owner; }
    /// From now on what the block refers to is referred to by its address, not by the tree that owns it.
    void set_full_backref(u64 bytenr) { blocks_[bytenr].becomes_full_backref = true; }

    bool empty() const { return refs_.empty() && born_.empty() && recast_.empty() && blocks_.empty(); }
    /// About what all of it takes in memory.
    std::size_t waiting_bytes() const;
    /// Null where nothing changes about that tree block.
    const BlockChange* find_block(u64 bytenr) const;

    /// All of it; nothing is left.
    ExtentChanges take();
    /// All that is of data extents but for those that begin in `later`. That, and what is of tree blocks, waits on.
    ExtentChanges take_data(const RangeSet& later);

private:
    // Data extents are many, and nobody asks for one of them before they are settled: what is told of them is written
    // down one after the other, and sorted then.
    std::vector<RefChange> refs_;
    std::vector<ExtentRecord> born_;
    std::vector<ExtentRecord> recast_;
    std::unordered_map<u64, BlockChange> blocks_;
};

/// The record after the change, whose references get another order; without references if none is left. Fails with
/// damaged where fewer references are recorded than go.
Result<ExtentRecord> changed_record(ExtentRecord record, const ExtentChange& change);

} // namespace btrkit
