// SPDX-License-Identifier: MIT
// From the items of the root tree to Roots.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

/// Whether the root tree can hold such an item. Its inodes are its directory and the old free space caches; and it
/// keeps, under a number that is none of an inode, the name of the top-level tree in that directory.
bool belongs_in_root_tree(const btrfs::Key& key);

/// Nothing where the item is too short to be a root item.
std::optional<RootRecord> parse_root_record(const btrfs::Key& key, Bytes body, const Place& place);

/// Fills Roots (all but `complete`) without judging what it gets; what does not belong into the root tree is passed
/// over.
class RootsCollector {
public:
    explicit RootsCollector(Roots& roots) : roots_(roots) {}

    /// All items of the root tree, in key order.
    void accept(const btrfs::Key& key, Bytes body, const Place& place);

private:
    void accept_ref(const btrfs::Key& key, Bytes body, const Place& place);
    void accept_dir_item(const btrfs::Key& key, Bytes body, const Place& place);

    Roots& roots_;
};

/// For verbs that do not scan the root tree. Where blocks of it were lost, or the user stopped it, the roots are not
/// complete. `damage` is told what was read past; empty: nobody wants to know.
Roots read_roots(const Filesystem& filesystem, const StopToken& stop, const ProblemSink& damage = {});

/// The same into survey.roots, reporting nothing.
void read_roots(Survey& survey);

} // namespace btrkit::survey
