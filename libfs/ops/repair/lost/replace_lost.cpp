// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/replace_lost.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/lost/older_leaves.h"
#include "libfs/ops/repair/lost/rejoin_nodes.h"
#include "libfs/ops/repair/lost/relink.h"
#include "libfs/ops/repair/lost/salvage_leaf.h"
#include "libfs/ops/repair/names/top_directory.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::repair {

namespace {

/// Whether its tree begins with it.
bool is_first_of_subvolume(const Promise& promise) {
    const btrfs::Key first = {btrfs::root_dir_inode, btrfs::item_type::inode_item, 0};
    return btrfs::is_file_tree(*promise.tree) && (!promise.first_key || *promise.first_key <= first);
}

/// Takes the items that lie before a key.
class LeafFiller final : public ItemSink {
public:
    LeafFiller(OpenBlock& leaf, const std::optional<btrfs::Key>& end) : leaf_(&leaf), end_(end) {}

    Result<void> add(const btrfs::Key& key, Bytes data) override {
        if (!end_ || key < *end_) {
            leaf_->add_item(key, data);
        }
        return {};
    }

private:
    OpenBlock* leaf_;
    std::optional<btrfs::Key> end_;
};

class Replacement {
public:
    Replacement(const Filesystem& filesystem, std::span<const LostBlock> lost)
        : filesystem_(&filesystem), maker_(filesystem), roots_(survey::read_roots(filesystem, {})) {
        for (const auto& block : lost) {
            if (may_be_replaced(*block.promise.tree)) {
                lost_.push_back(block);
            }
        }
    }

    bool has_work() const { return !lost_.empty(); }

    void join_nodes(Siblings siblings) {
        for (auto& node : rejoin_nodes(*filesystem_, lost_, siblings)) {
            put(std::move(node));
        }
    }

    Result<void> salvage_leaves(const RunContext& context) {
        BTRKIT_TRY_ASSIGN(const auto older, find_older_leaves(*filesystem_, lost_, context));
        for (const auto& lost : lost_) {
            const auto versions = older.find(lost.promise.address.bytenr);
            auto made = lost.level() > 0
                            ? std::nullopt
                            : salvage_leaf(*filesystem_, maker_, lost,
                                           versions == older.end() ? std::span<const Logical>() : versions->second);
            if (made) {
                put(std::move(*made));
            }
        }
        return {};
    }

    /// What nothing was put for.
    void drop_the_rest() {
        for (const auto& lost : lost_) {
            if (made_.contains(lost.promise.address.bytenr)) {
                continue;
            }
            if (!lost.promise.first_key) {
                put_empty_tree(lost);
            } else if (is_first_of_subvolume(lost.promise) && lost.level() == 0) {
                put_empty_directory(lost);
            } else if (!is_first_of_subvolume(lost.promise)) {
                changed_[lost.promise.address.bytenr] = std::nullopt;
            }
        }
    }

    Result<std::vector<MendedBlock>> finish() && {
        for (const auto& lost : lost_) {
            const auto made = made_.find(lost.promise.address.bytenr);
            const auto& promised = lost.promise.first_key;
            if (made != made_.end() && promised && BlockView(made->second.bytes).count() > 0) {
                const auto key = BlockView(made->second.bytes).key(0);
                if (key != *promised) {
                    changed_[made->first] = key;
                }
            }
        }
        std::vector<MendedBlock> blocks;
        if (!changed_.empty()) {
            BTRKIT_TRY_ASSIGN(blocks, relink(*filesystem_, trees(), changed_));
        }
        for (auto& [address, block] : made_) {
            std::erase_if(blocks, [&](const MendedBlock& other) { return other.address.bytenr == address; });
            blocks.push_back(std::move(block));
        }
        return blocks;
    }

private:
    void put(MendedBlock block) { made_.emplace(block.address.bytenr, std::move(block)); }

    /// The root is a leaf then, whatever it was.
    void put_empty_tree(LostBlock lost) {
        if (lost.level() > 0 && !set_root_level(*lost.promise.tree, 0)) {
            return;
        }
        lost.promise.level = 0;
        if (btrfs::is_file_tree(*lost.promise.tree)) {
            put_empty_directory(lost);
            return;
        }
        OpenBlock leaf(filesystem_->geometry().nodesize);
        if (auto made = maker_.make(lost, leaf, "a leaf, of which nothing is left")) {
            put(std::move(*made));
        }
    }

    /// In its root item. False where that can't be read.
    bool set_root_level(u64 tree, u8 level) {
        const auto* record = roots_.find(tree);
        if (record == nullptr || !record->place.logical || !record->place.slot) {
            return false;
        }
        const u64 at = record->place.logical->bytenr;
        const OwnedBlock stored(filesystem_->reader(), {.address = {at}, .tree = btrfs::root_tree_id});
        const auto before = made_.find(at);
        const Bytes old = before == made_.end() ? stored.view().bytes() : Bytes(before->second.bytes);
        std::vector<std::byte> bytes(old.begin(), old.end());
        const BlockView leaf(bytes);
        if (!stored.is_proven() || leaf.item_data(*record->place.slot).size() < btrfs::legacy_root_item_size) {
            return false;
        }
        const std::size_t start = sizeof(btrfs::TreeBlockHeader) + leaf.item(*record->place.slot).offset;
        bytes[start + offsetof(btrfs::RootItem, level)] = std::byte{level};
        made_.insert_or_assign(at, sealed(filesystem_->geometry(), {at}, std::move(bytes), "the level of a lost tree"));
        return true;
    }

    void put_empty_directory(const LostBlock& lost) {
        OpenBlock leaf(filesystem_->geometry().nodesize);
        LeafFiller filler(leaf, lost.promise.end);
        const auto top = new_top_directory(*lost.promise.generation, {});
        if (add_inode_items(filler, filesystem_->geometry(),
                            {.inode = top, .names = {}, .xattrs = {}, .entries = {}})) {
            if (auto made = maker_.make(lost, leaf, "a leaf with the top directory, of which nothing is left")) {
                put(std::move(*made));
            }
        }
    }

    std::vector<TreeRoot> trees() const {
        std::vector<TreeRoot> trees = {filesystem_->root_tree()};
        for (const auto& root : survey::file_tree_roots(roots_)) {
            trees.push_back(root.root);
        }
        if (const auto* csums = roots_.find(btrfs::csum_tree_id)) {
            trees.push_back(csums->root);
        }
        return trees;
    }

    const Filesystem* filesystem_;
    BlockMaker maker_;
    survey::Roots roots_;
    std::vector<LostBlock> lost_;
    std::map<u64, MendedBlock> made_; ///< by address
    ChangedChildren changed_;
};

} // namespace

bool may_be_replaced(u64 tree) {
    return btrfs::is_file_tree(tree) || tree == btrfs::csum_tree_id || tree == btrfs::root_tree_id;
}

Result<std::vector<MendedBlock>> replace_lost(const Filesystem& filesystem, std::span<const LostBlock> lost,
                                              Grade grade, const RunContext& context) {
    Replacement replacement(filesystem, lost);
    if (!replacement.has_work()) {
        return {};
    }
    replacement.join_nodes(grade == Grade::guessed ? Siblings::likely : Siblings::readable);
    BTRKIT_TRY(replacement.salvage_leaves(context));
    if (grade == Grade::lossy) {
        replacement.drop_the_rest();
    }
    BTRKIT_TRY_ASSIGN(auto blocks, std::move(replacement).finish());
    for (auto& block : blocks) {
        block.grade = grade;
    }
    return blocks;
}

} // namespace btrkit::repair
