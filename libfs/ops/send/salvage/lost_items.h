// SPDX-License-Identifier: MIT
// What of a subvolume can't be read, and what the rest of it says about inodes that are lost with it.
#pragma once

#include "libfs/fs/subvolume_view.h"
#include "libfs/ops/send/salvage/tree_gaps.h"

#include <map>

namespace btrkit::send {

/// An inode whose item or references are lost, by what other items tell of it.
struct LostInode {
    bool has_item = false;              ///< only references are lost
    bool has_own_items = false;         ///< some of its own can be read
    u32 type = 0;                       ///< S_IFREG and so on; 0: nothing tells
    u64 size = 0;                       ///< up to where its extents reach
    std::vector<ParentName> names = {}; ///< its references first, then entries that lead to it; each once
    unsigned reference_count = 0;       ///< of these names
};

/// Takes three looks at the whole tree. Memory: a range of keys for each lost block, and what is known of those inodes
/// that have own items beside one, and of lost directories; both are as many as blocks are lost. Names are kept up to
/// a bound.
class LostItems {
public:
    LostItems(BlockCache& cache, const TreeRoot& tree);

    /// In order of their keys; none: everything can be read.
    const std::vector<KeyRange>& gaps() const { return gaps_; }
    /// Whether one of those keys may have been there.
    bool may_have(const KeyRange& keys) const;
    /// Whether the inode's item may be lost, or is while others of its items are there.
    bool is_lost(u64 inode) const;
    bool may_lack_names(u64 inode) const;

    /// Null: not known, or not lost.
    const LostInode* find(u64 inode) const;
    /// Those whose own items are lost, from that number on: the first one; nothing: there is none.
    std::optional<u64> first_lost_inode(u64 from) const;

    /// Where an entry leads, by the index of its directory, as far as that can be read.
    std::optional<btrfs::Key> entry_by_index(u64 dir, std::string_view name) const;

    /// A name of a lost inode of which nothing else is known, by a directory's entry. Each once.
    void for_each_lost_name(const std::function<void(u64 inode, const ParentName&)>& visit) const;

private:
    class Gathering;

    BlockCache* cache_;
    TreeRoot tree_;
    std::vector<KeyRange> gaps_;
    std::map<u64, LostInode> inodes_;
};

} // namespace btrkit::send
