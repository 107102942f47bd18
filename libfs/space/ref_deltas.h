// SPDX-License-Identifier: MIT
// What a run changes about extents: who refers to them more, who less, which are new. References are counted here and
// come into the extent tree later, all at once; what comes and goes within the run cancels out and never gets there.
#pragma once

#include "libfs/space/extent_record.h"

#include <optional>
#include <unordered_map>

namespace btrkit {

/// The changes to one extent.
struct ExtentChange {
    struct RefChange {
        ExtentRef ref; ///< its count does not matter
        std::int64_t count = 0;
    };

    std::optional<ExtentRecord> born; ///< the extent is new: all about it but its references
    bool becomes_full_backref = false;
    u64 owner = 0;          ///< of a tree block whose last reference may go; 0 where nobody said
    std::int64_t count = 0; ///< of all references together
    std::vector<RefChange> refs = {};
};

class RefDeltas {
public:
    void bear(ExtentRecord record);
    void add(u64 bytenr, const ExtentRef& ref, std::int64_t count);
    /// Whose the block is, by its header. To be told where something else is told of it, too.
    void set_owner(u64 bytenr, u64 owner);
    /// From now on what the block refers to is referred to by its address, not by the tree that owns it.
    void set_full_backref(u64 bytenr);

    bool empty() const { return changes_.empty(); }
    /// About what all of it takes in memory.
    std::size_t waiting_bytes() const;
    /// Null where nothing changes.
    const ExtentChange* find(u64 bytenr) const;

    struct Changed {
        u64 bytenr = 0;
        ExtentChange change;
    };
    /// All of it, by address; nothing is left.
    std::vector<Changed> take();

private:
    std::unordered_map<u64, ExtentChange> changes_;
    std::size_t ref_count_ = 0; ///< of all changes
};

/// The record after the change; without references if none is left. Fails with damaged where fewer references are
/// recorded than go.
Result<ExtentRecord> changed_record(ExtentRecord record, ExtentChange change);

} // namespace btrkit
