// SPDX-License-Identifier: MIT
// A filesystem in maps.
#pragma once

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"
#include "libfs/fs/filesystem.h"

#include <map>
#include <set>

namespace btrkit::test {

struct ExactRoot {
    TreeRoot root;
    bool is_dropping = false;
    std::optional<btrfs::Key> drop_key;
    u8 drop_level = 0;
};

/// One tree block that was proven for some parent.
struct ExactBlock {
    std::vector<std::byte> bytes;
    BlockView view() const { return BlockView(bytes); }
};

/// The items of one tree as a mount would see them.
struct ExactTree {
    struct Item {
        std::vector<std::byte> body;
        u64 owner = 0; ///< of the leaf
        u64 leaf = 0;
    };
    std::map<btrfs::Key, Item> items;
    /// Where blocks are lost: the keys from first up to last, without last; nothing: to the end.
    std::vector<std::pair<btrfs::Key, std::optional<btrfs::Key>>> lost;
};

class ExactImage {
public:
    explicit ExactImage(const Filesystem& filesystem);

    const Filesystem& filesystem() const { return filesystem_; }
    const std::vector<ExactRoot>& roots() const { return roots_; }
    /// The last root of that id.
    const ExactRoot* find_root(u64 id) const;
    /// Distinct blocks of all trees.
    const std::map<u64, ExactBlock>& blocks() const { return blocks_; }
    /// Children of half-dropped subvolumes that are gone: parent block and slot.
    const std::set<std::pair<u64, u32>>& dropped() const { return dropped_; }
    /// What refers to a block, and the tree that was walked there.
    struct Parent {
        u64 owner = 0;   ///< of the block that refers to it, or the tree of the root item
        u64 address = 0; ///< 0: a root item
        u64 tree = 0;

        friend auto operator<=>(const Parent&, const Parent&) = default;
    };
    /// Of each block.
    const std::map<u64, std::set<Parent>>& parents() const { return parents_; }
    const ExactTree& tree(std::size_t root) const { return trees_[root]; }
    bool lost_blocks() const { return lost_blocks_; }
    /// Blocks of trees that share nothing.
    const std::set<u64>& alone() const { return alone_; }

private:
    void read_roots();
    void walk(std::size_t root, ExactTree& tree, const Promise& promise, const Parent& parent);

    const Filesystem& filesystem_;
    std::vector<ExactRoot> roots_;
    std::vector<ExactTree> trees_;
    std::map<u64, ExactBlock> blocks_;
    std::set<std::pair<u64, u32>> dropped_;
    std::map<u64, std::set<Parent>> parents_;
    std::set<u64> alone_; ///< blocks of trees that share nothing
    bool lost_blocks_ = false;
};

inline bool shares_blocks(u64 tree) {
    return btrfs::is_file_tree(tree) || tree == btrfs::tree_reloc_id;
}

} // namespace btrkit::test
