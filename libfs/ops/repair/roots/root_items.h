// SPDX-License-Identifier: MIT
// Root items that lead to nothing, are missing, or are behind their tree, put right by what roots are found.
//
//  1. Of each root item: can the root be read that it names? Of trees that there must be: is there a root item? Where
//  the
//     root tree is an old one, of subvolumes that directories name, too.
//  2. For those that are wrong: the newest root that is found (found_roots.h). The item keeps what else it says, as far
//     as that can be.
//  3. Where it is missing, an item of that tree that does not belong there is the one, its key written over. Else it is
//     that of a new tree, with the uuids that the uuid tree still has.
//  4. The leaves of the root tree with these items, and nodes above that begin otherwise.
#pragma once

#include "libfs/ops/repair/lost/new_block.h"
#include "libfs/ops/repair/roots/found_roots.h"

namespace btrkit::repair {

struct RootSearch {
    /// Proven: only of trees that are made anew anyway, so that any root of theirs will do. Guessed: roots of the
    /// generation that the root item says, and those that the extent tree has. Lossy: old ones too, which may lead to
    /// what others have by now; and where no root is found of a tree that a filesystem may be without, its root item
    /// goes. Of checksums no old root is taken, but an empty tree: good data must not be called bad.
    Grade grade = Grade::proven;
    /// The root tree is one of before: all others may be newer than their root items. Those that the extent tree has
    /// are believed, once that is led to its newest root; where something may go, others too.
    bool is_root_tree_old = false;
};

/// Trees whose root items lead to nothing or are missing.
std::set<u64> trees_without_root(const Filesystem& filesystem, RootSearch search);

/// The root item of a tree that begins there. before: what it was, as far as that is known.
btrfs::RootItem root_item_of(const Filesystem& filesystem, u64 tree, const FoundRoot& root,
                             const std::optional<btrfs::RootItem>& before);

struct MendedRoots {
    std::vector<MendedBlock> blocks; ///< of the root tree
    std::set<u64> trees;             ///< whose root items are others in them
};

/// Where a leaf has no room for what is missing, it stays as it is. Fails as relink().
Result<MendedRoots> mend_root_items(const Filesystem& filesystem, const FoundRoots& found, RootSearch search);

} // namespace btrkit::repair
