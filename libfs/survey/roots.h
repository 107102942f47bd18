// SPDX-License-Identifier: MIT
// The trees of a filesystem as the root tree names them.
#pragma once

#include "formats/btrfs/root.h"
#include "libfs/base/problem.h"
#include "libfs/fs/filesystem.h"

#include <algorithm>
#include <string>
#include <vector>

namespace btrkit::survey {

/// A root item. A legacy item's newer fields are zero.
struct RootRecord {
    TreeRoot root;
    btrfs::RootItem item;
    Place place; ///< where the item stands

    /// Its item has only the fields that every root item has, or an old kernel has let the others go stale.
    bool is_legacy = false;

    u64 id() const { return root.id; }
    bool is_subvolume() const { return btrkit::is_subvolume(root.id); }
    bool is_reloc() const { return root.id == btrfs::tree_reloc_id; }
    /// Made as a copy of another subvolume. (Its parent's uuid does not tell: old top-level trees have none.)
    bool is_snapshot() const { return root.root_key.offset != 0 || !item.parent_uuid.is_null(); }
    /// Deleted, waiting to be cleaned up: perhaps half gone.
    bool is_dropping() const { return is_subvolume() && item.refs == 0; }
};

/// A reference from a parent to a subvolume (ROOT_REF), or back (ROOT_BACKREF).
struct RootRefRecord {
    u64 parent = 0;
    u64 child = 0;
    u64 dirid = 0;
    u64 sequence = 0;
    std::string name;
    bool is_backref = false;
    Logical leaf; ///< where it stands
    u32 slot = 0;

    Place place() const;
    bool says_the_same(const RootRefRecord& other) const {
        return dirid == other.dirid && sequence == other.sequence && name == other.name;
    }
};

/// What the root tree's directory says is to be mounted.
struct DefaultSubvolume {
    u64 id = 0;
    Place place;
};

struct Roots {
    std::vector<RootRecord> records; ///< in key order
    bool complete = true;            ///< no block of the root tree was lost

    std::vector<RootRefRecord> refs;     ///< in key order: by parent, then child
    std::vector<RootRefRecord> backrefs; ///< in key order: by child, then parent
    std::vector<u64> orphans;            ///< what orphan items of the root tree name, ascending
    std::vector<u64> inodes;             ///< inodes of the root tree (its directory, old free space caches), ascending
    std::optional<DefaultSubvolume> default_subvolume; ///< nothing: the top-level tree

    /// The last one of that id (the kernel takes the one with the greatest offset); null where there is none.
    const RootRecord* find(u64 id) const {
        const auto behind = std::ranges::upper_bound(records, id, {}, &RootRecord::id);
        return behind != records.begin() && std::prev(behind)->id() == id ? &*std::prev(behind) : nullptr;
    }
    /// The reference by which that parent knows that child, and the one back; null where there is none.
    const RootRefRecord* find_ref(u64 parent, u64 child) const;
    const RootRefRecord* find_backref(u64 parent, u64 child) const;
};

} // namespace btrkit::survey
