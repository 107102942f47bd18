// SPDX-License-Identifier: MIT
// What is known of one inode after some of its items, in a size that does not depend on how many there are.
#pragma once

#include "formats/btrfs/objectids.h"
#include "libfs/base/problem.h"
#include "libfs/ops/check/files/sum128.h"
#include "libfs/volume/geometry.h"

namespace btrkit::check {

/// A file offset at which something was seen first.
class FirstOffset {
public:
    void note(u64 offset) {
        if (!at_) {
            at_ = offset;
        }
    }
    void note(const FirstOffset& later) {
        if (later.at_) {
            note(*later.at_);
        }
    }
    explicit operator bool() const { return at_.has_value(); }
    u64 operator*() const { return *at_; }

private:
    std::optional<u64> at_;
};

struct InodeState {
    u64 inode = 0;
    Logical leaf; ///< where its inode item stands; without one, where its first item does

    /// Not an inode at all: items with an object id of their own, such as orphan items.
    bool is_special() const { return inode > btrfs::last_free_objectid; }

    bool is_partial = false; ///< next to it something is lost: it is not judged

    // From the inode item.
    bool has_item = false;
    u32 mode = 0;
    u32 links = 0;
    u64 size = 0;
    u64 bytes = 0;
    u64 flags = 0;

    // Counted.
    u64 names = 0;             ///< references to it, in INODE_REF and INODE_EXTREF
    bool has_self_ref = false; ///< ".." of a tree's top directory
    u64 entry_name_bytes = 0;  ///< of the names in its directory items and indexes
    bool has_dir_items = false;

    // File extents.
    bool has_extents = false;
    bool has_inline = false;
    bool has_regular = false;
    u64 extent_bytes = 0;     ///< what nbytes should be
    u64 inline_ram_bytes = 0; ///< of the inline extent
    u64 extents_start = 0;    ///< where its first extent begins
    u64 extents_end = 0;      ///< where its last one ends
    FirstOffset gap;          ///< between two extents
    FirstOffset overlap;
    FirstOffset csum_missing; ///< regular extent of which some bytes have no checksums
    FirstOffset csum_present; ///< extent with checksums
    FirstOffset compressed;   ///< regular compressed extent

    // Verity.
    bool has_verity_descriptor = false; ///< item 0: its size

    /// Adds what comes behind it in the tree, of the same inode.
    void append(const InodeState& later);
    void append_extent(u64 start, u64 end);
};

/// Everything that an inode whose items have all been seen says about itself. tree: for the place.
void judge_inode(const InodeState& inode, const Geometry& geometry, u64 tree, Problems& problems);

/// What a complete inode takes away from the sum of names.
Sum128 inode_sum(const InodeState& inode, u64 seed);

} // namespace btrkit::check
