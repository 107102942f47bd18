// SPDX-License-Identifier: MIT
// The inodes of a subvolume that no entry leads to, and where they belong.
#pragma once

#include "libfs/survey/names/walked_tree.h"

namespace btrkit::survey {

struct FoundInode {
    u64 number = 0;
    u64 dir = 0;                                     ///< 0: below lost+found
    std::string path;                                ///< from the base; its last name is that of the inode
    bool is_below_base = false;                      ///< its names lead up to the base, and not to lost+found
    btrfs::FileType type = btrfs::FileType::unknown; ///< by the items that it has besides the inode's
};

/// Looks at all items of the tree once, in key order, while the walk goes on.
class LostInodes {
public:
    /// base: the directory of that tree that the walk began at, or its top.
    LostInodes(WalkedTree& tree, u64 base);

    /// The next that is to be told of, as it hangs together: the highest one that was not seen. Nothing: no more. What
    /// it hands out is seen from then on. Deleted files that only wait to be cleaned up are passed over; if the base is
    /// not the top of the tree, what does not lead up to it too.
    std::optional<FoundInode> next();

private:
    struct Candidate {
        u64 number = 0;
        btrfs::FileType type = btrfs::FileType::unknown;
    };

    std::optional<Candidate> next_candidate();
    bool enter_next_leaf();
    std::optional<FoundInode> place_of(const Candidate& candidate);
    std::optional<ParentName> name_of(u64 number);
    std::optional<ParentName> name_past_loss(u64 number);
    /// Of a directory that was seen; and whether it leads to the base.
    std::pair<std::string, bool> way_to(u64 number);

    WalkedTree& tree_;
    u64 base_;
    TreeWalk leaves_;
    std::optional<OwnedBlock> leaf_;
    u32 slot_ = 0;
    std::optional<Candidate> candidate_; ///< in hand: tells of higher ones before it is done
};

} // namespace btrkit::survey
