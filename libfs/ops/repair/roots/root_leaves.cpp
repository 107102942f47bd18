// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/root_leaves.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/lost/new_block.h"
#include "libfs/ops/repair/roots/root_items.h"
#include "libfs/survey/essential_trees.h"

#include <algorithm>
#include <set>

namespace btrkit::repair {

namespace {

bool is_root_leaf(const LostBlock& lost) {
    return lost.promise.tree == btrfs::root_tree_id && lost.level() == 0;
}

bool belongs_in(const Promise& leaf, const btrfs::Key& key) {
    return (!leaf.first_key || *leaf.first_key <= key) && (!leaf.end || key < *leaf.end);
}

} // namespace

bool has_root_leaf(std::span<const LostBlock> lost) {
    return std::ranges::any_of(lost, is_root_leaf);
}

std::vector<MendedBlock> leaves_of_found_roots(const Filesystem& filesystem, const FoundRoots& found,
                                               std::span<const LostBlock> lost) {
    const auto needed = survey::essential_trees(filesystem.geometry());
    const BlockMaker maker(filesystem);
    std::vector<MendedBlock> blocks;
    for (const auto& leaf : lost) {
        OpenBlock contents(filesystem.geometry().nodesize);
        bool has_any = false;
        for (const u64 tree : std::set<u64>(needed.begin(), needed.end())) {
            const btrfs::Key key = {tree, btrfs::item_type::root_item, 0};
            const bool is_wanted = is_root_leaf(leaf) && tree != btrfs::csum_tree_id && belongs_in(leaf.promise, key) &&
                                   contents.has_room_for_item(sizeof(btrfs::RootItem));
            const auto root =
                is_wanted ? found.newest(filesystem, tree, FoundRoots::Preferred::youngest) : std::nullopt;
            if (root) {
                contents.add_item(key, as_bytes_of(root_item_of(filesystem, tree, *root, std::nullopt)));
                has_any = true;
            }
        }
        if (auto made = has_any ? maker.make(leaf, contents, "a leaf of the root tree") : std::nullopt) {
            made->grade = Grade::lossy;
            blocks.push_back(std::move(*made));
        }
    }
    return blocks;
}

} // namespace btrkit::repair
