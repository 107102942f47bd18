// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/root_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/lost/relink.h"
#include "libfs/ops/repair/roots/named_subvolumes.h"
#include "libfs/survey/essential_trees.h"
#include "libfs/survey/read_roots.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::repair {

namespace {

constexpr std::size_t root_cache_bytes = std::size_t{1} << 20;

bool has_impossible_offset(const survey::RootRecord& record, const Geometry& geometry) {
    const u64 offset = record.root.root_key.offset;
    return record.is_subvolume() ? offset > geometry.generation : offset != 0;
}

/// The root item that a tree has, or should have.
struct RootState {
    u64 tree = 0;
    const survey::RootRecord* record = nullptr; ///< null: there is none
    bool leads_to_nothing = true;
    bool is_needed = false; ///< there must be that tree
};

/// Whether what a root item names never was the root of that tree: no chunk is there, or another block. A root that is
/// lost in its place is none of this: what is left of it is more than another one has.
bool leads_to_nothing(const Filesystem& filesystem, const survey::RootRecord& record) {
    const auto& promise = record.root.block;
    if (has_impossible_offset(record, filesystem.geometry())) {
        return true;
    }
    return !OwnedBlock(filesystem.reader(), promise).is_proven() &&
           (filesystem.volume().chunks().find(promise.address) == nullptr ||
            OwnedBlock(filesystem.reader(), {.address = promise.address}).is_proven());
}

std::vector<RootState> root_states(const Filesystem& filesystem, const survey::Roots& roots, RootSearch search) {
    std::map<u64, RootState> states;
    for (const u64 tree : search.is_root_tree_old ? named_subvolumes(filesystem, roots) : std::set<u64>()) {
        states[tree] = {.tree = tree};
    }
    for (const u64 tree : survey::essential_trees(filesystem.geometry())) {
        states[tree] = {.tree = tree, .is_needed = true};
    }
    for (const auto& record : roots.records) {
        if (!record.is_reloc()) {
            auto& state = states[record.id()];
            state.tree = record.id();
            state.record = &record;
            state.leads_to_nothing = leads_to_nothing(filesystem, record);
        }
    }
    std::vector<RootState> wanted;
    for (const auto& [tree, state] : states) {
        if (search.grade > Grade::proven || is_derived_tree(tree)) {
            wanted.push_back(state);
        }
    }
    return wanted;
}

/// Whether the root item should lead to that root.
bool is_wanted(const RootState& state, const FoundRoot& newest, RootSearch search) {
    const auto* record = state.record;
    if (state.leads_to_nothing) {
        const bool is_named = record != nullptr && newest.generation == record->item.generation;
        return is_derived_tree(state.tree) || is_named || newest.is_recorded || search.grade == Grade::lossy;
    }
    const bool is_believed = newest.is_recorded ||
                             (search.is_root_tree_old && (is_derived_tree(state.tree) || search.grade == Grade::lossy));
    return newest.generation > record->item.generation && is_believed;
}

/// Behind an old root tree the extent tree may be old, too, until it is led to its newest root.
FoundRoots::Preferred preferred_root(u64 tree, RootSearch search) {
    return search.is_root_tree_old && is_derived_tree(tree) ? FoundRoots::Preferred::youngest
                                                            : FoundRoots::Preferred::recorded;
}

/// Whether a root item says nothing that it can't say, beside where the root is.
bool is_possible_item(const btrfs::RootItem& item, u64 generation) {
    return (item.flags & ~btrfs::known_flags(btrfs::root_flag_names)) == 0 && item.last_snapshot <= generation &&
           item.generation_v2 <= generation && item.drop_level < btrfs::max_level_count &&
           item.inode.mode == new_root_item({}).inode.mode;
}

/// The items of a leaf of the root tree, changed.
class LeafChange {
public:
    explicit LeafChange(const TreeBlock& leaf)
        : nodesize_(static_cast<u32>(leaf.bytes().size())), first_key_(leaf.count() > 0 ? leaf.key(0) : btrfs::Key{}) {
        for (u32 slot = 0; slot < leaf.count(); ++slot) {
            const auto body = leaf.item_data(slot);
            items_[leaf.key(slot)].assign(body.begin(), body.end());
        }
    }

    void erase(const btrfs::Key& key) { is_changed_ |= items_.erase(key) > 0; }
    void put(const btrfs::Key& key, Bytes body) {
        items_[key].assign(body.begin(), body.end());
        is_changed_ = true;
    }
    const std::map<btrfs::Key, std::vector<std::byte>>& items() const { return items_; }

    /// Nothing where they don't fit.
    std::optional<OpenBlock> contents() const {
        OpenBlock contents(nodesize_);
        for (const auto& [key, body] : items_) {
            if (!contents.has_room_for_item(body.size())) {
                return std::nullopt;
            }
            contents.add_item(key, body);
        }
        return contents;
    }
    bool is_changed() const { return is_changed_; }
    bool begins_otherwise() const { return items_.begin()->first != first_key_; }

private:
    u32 nodesize_;
    btrfs::Key first_key_;
    std::map<btrfs::Key, std::vector<std::byte>> items_;
    bool is_changed_ = false;
};

class RootItemMender {
public:
    explicit RootItemMender(const Filesystem& filesystem)
        : filesystem_(&filesystem), maker_(filesystem), cache_(filesystem.reader(), root_cache_bytes),
          items_(cache_, filesystem.root_tree().block) {}

    void mend(const RootState& state, FoundRoot root) {
        const bool is_named = state.record != nullptr && root.generation == state.record->item.generation;
        if (state.tree == btrfs::csum_tree_id && !root.is_recorded && !is_named && !empty_at(root)) {
            return;
        }
        const auto old_key = state.record != nullptr ? std::optional(state.record->root.root_key) : std::nullopt;
        btrfs::Key key = {state.tree, btrfs::item_type::root_item, 0};
        if (old_key && !has_impossible_offset(*state.record, filesystem_->geometry())) {
            key = *old_key;
        }
        auto* leaf = leaf_of(old_key.value_or(key));
        if (leaf == nullptr) {
            return;
        }
        auto changed = *leaf;
        std::optional<btrfs::RootItem> before;
        if (old_key) {
            before = state.record->item;
            changed.erase(*old_key);
        } else {
            before = take_astray(changed, state.tree);
        }
        const auto item = root_item_of(*filesystem_, state.tree, root, before);
        changed.put(key, as_bytes_of(item));
        if (changed.contents()) {
            *leaf = std::move(changed);
            trees_.insert(state.tree);
        }
    }

    void drop(const RootState& state) {
        if (auto* leaf = leaf_of(state.record->root.root_key)) {
            leaf->erase(state.record->root.root_key);
            trees_.insert(state.tree);
        }
    }

    Result<MendedRoots> finish() {
        MendedRoots mended{.blocks = {}, .trees = std::move(trees_)};
        std::ranges::move(emptied_, std::back_inserter(mended.blocks));
        ChangedChildren begun_otherwise;
        for (const auto& [address, leaf] : leaves_) {
            const OwnedBlock stored(filesystem_->reader(), {.address = {address}, .tree = btrfs::root_tree_id});
            auto contents = leaf.contents();
            if (!leaf.is_changed() || !stored.is_proven() || !contents) {
                continue;
            }
            mended.blocks.push_back(maker_.remake(stored.block(), *contents, "a root item"));
            if (leaf.begins_otherwise() && address != filesystem_->root_tree().block.address.bytenr) {
                begun_otherwise[address] = contents->first_key();
            }
        }
        if (!begun_otherwise.empty()) {
            BTRKIT_TRY_ASSIGN(auto nodes, relink(*filesystem_, {{filesystem_->root_tree()}}, begun_otherwise));
            std::ranges::move(nodes, std::back_inserter(mended.blocks));
        }
        return mended;
    }

private:
    /// An empty tree in the place of an old one. False: it can't be.
    bool empty_at(FoundRoot& root) {
        OpenBlock nothing(filesystem_->geometry().nodesize);
        const LostBlock lost{
            .promise = {
                .address = root.address, .generation = root.generation, .level = u8{0}, .tree = btrfs::csum_tree_id}};
        auto made = maker_.make(lost, nothing, "old checksums");
        if (made) {
            root.level = 0;
            emptied_.push_back(std::move(*made));
        }
        return made.has_value();
    }

    /// Where a key stands, or would stand. Null where that can't be read.
    LeafChange* leaf_of(const btrfs::Key& key) {
        if (!items_.seek_back(key).value_or(false) && !items_.seek(key).value_or(false)) {
            return nullptr;
        }
        const u64 address = items_.leaf().header().bytenr;
        return &leaves_.try_emplace(address, items_.leaf()).first->second;
    }

    /// Of a tree without root item, the item of that tree that does not belong there: it goes.
    static std::optional<btrfs::RootItem> take_astray(LeafChange& leaf, u64 tree) {
        for (const auto& [key, body] : leaf.items()) {
            if (key.objectid == tree && !survey::belongs_in_root_tree(key) &&
                body.size() >= btrfs::legacy_root_item_size) {
                const auto found = whole_root_item(body).item;
                leaf.erase(btrfs::Key(key));
                return found;
            }
        }
        return std::nullopt;
    }

    const Filesystem* filesystem_;
    BlockMaker maker_;
    BlockCache cache_;
    TreeSearch items_;
    std::map<u64, LeafChange> leaves_;
    std::vector<MendedBlock> emptied_;
    std::set<u64> trees_;
};

} // namespace

btrfs::RootItem root_item_of(const Filesystem& filesystem, u64 tree, const FoundRoot& root,
                             const std::optional<btrfs::RootItem>& before) {
    const bool is_known = before && is_possible_item(*before, filesystem.geometry().generation);
    auto item = is_known ? *before : new_root_item(filesystem.geometry());
    if (!is_known && is_subvolume(tree)) {
        put_known_uuids(filesystem, tree, item);
    }
    item.bytenr = root.address.bytenr;
    item.level = root.level;
    item.generation = item.generation_v2 = root.generation;
    item.root_dirid = btrfs::is_file_tree(tree) ? btrfs::root_dir_inode : 0;
    return item;
}

std::set<u64> trees_without_root(const Filesystem& filesystem, RootSearch search) {
    std::set<u64> trees;
    const auto roots = survey::read_roots(filesystem, {});
    for (const auto& state : root_states(filesystem, roots, search)) {
        if (state.leads_to_nothing) {
            trees.insert(state.tree);
        }
    }
    return trees;
}

Result<MendedRoots> mend_root_items(const Filesystem& filesystem, const FoundRoots& found, RootSearch search) {
    const auto roots = survey::read_roots(filesystem, {});
    RootItemMender mender(filesystem);
    for (const auto& state : root_states(filesystem, roots, search)) {
        const auto newest = found.newest(filesystem, state.tree, preferred_root(state.tree, search));
        if (newest && is_wanted(state, *newest, search)) {
            mender.mend(state, *newest);
        } else if (!newest && state.leads_to_nothing && search.grade == Grade::lossy && state.record != nullptr &&
                   !state.is_needed) {
            mender.drop(state);
        }
    }
    return mender.finish();
}

} // namespace btrkit::repair
