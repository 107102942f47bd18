// SPDX-License-Identifier: MIT
#include "tests/check/exact/exact_image.h"

#include <numeric>

namespace btrkit::test {

namespace {

/// Where two trees that share nothing claim the same block, the first has it: in the order in which the fast checker
/// looks at them. The later one of two roots of the same tree is the one that counts.
std::size_t rank_of(u64 tree) {
    constexpr std::array order = std::to_array<u64>(
        {btrfs::chunk_tree_id, btrfs::dev_tree_id, btrfs::root_tree_id, btrfs::extent_tree_id,
         btrfs::block_group_tree_id, btrfs::csum_tree_id, btrfs::free_space_tree_id, btrfs::raid_stripe_tree_id});
    constexpr std::array late = std::to_array<u64>({btrfs::uuid_tree_id, btrfs::quota_tree_id});
    if (const auto found = std::ranges::find(order, tree); found != order.end()) {
        return static_cast<std::size_t>(found - order.begin());
    }
    const auto found = std::ranges::find(late, tree);
    return order.size() + (found == late.end() ? 0 : 1 + static_cast<std::size_t>(found - late.begin()));
}

} // namespace

ExactImage::ExactImage(const Filesystem& filesystem) : filesystem_(filesystem) {
    read_roots();
    trees_.resize(roots_.size());
    std::vector<std::size_t> order(roots_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [this](std::size_t i) { return std::tuple(rank_of(roots_[i].root.id), ~i); });
    for (const std::size_t i : order) {
        walk(i, trees_[i], roots_[i].root.block, {.owner = roots_[i].root.id, .tree = roots_[i].root.id});
    }
}

void ExactImage::read_roots() {
    roots_.push_back({.root = filesystem_.root_tree()});
    roots_.push_back({.root = filesystem_.chunk_tree()});
    Cursor cursor(filesystem_.reader(), filesystem_.root_tree().block);
    for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
        if (cursor.key().type != btrfs::item_type::root_item) {
            continue;
        }
        const auto root = parse_root_item(cursor.key(), cursor.data());
        const bool is_global = root && root->id > btrfs::root_tree_id && root->id <= btrfs::raid_stripe_tree_id;
        const bool is_reloc = root && (root->id == btrfs::data_reloc_tree_id || root->id == btrfs::tree_reloc_id);
        if (!root || !(is_global || is_subvolume(root->id) || is_reloc)) {
            continue;
        }
        btrfs::RootItem item{};
        std::memcpy(&item, cursor.data().data(), std::min(sizeof(item), cursor.data().size()));
        ExactRoot exact{.root = *root, .is_dropping = is_subvolume(root->id) && item.refs == 0};
        if (const auto key = item.drop_progress.to_key(); item.refs == 0 && key != btrfs::Key{}) {
            exact.drop_key = key;
            exact.drop_level = item.drop_level;
        }
        roots_.push_back(exact);
    }
}

const ExactRoot* ExactImage::find_root(u64 id) const {
    const ExactRoot* found = nullptr;
    for (const auto& root : roots_) {
        found = root.root.id == id ? &root : found;
    }
    return found;
}

void ExactImage::walk(std::size_t root_index, ExactTree& tree, const Promise& promise, const Parent& parent) {
    const auto& root = roots_[root_index];
    const u64 address = promise.address.bytenr;
    const OwnedBlock block(filesystem_.reader(), promise);
    const bool is_reused = !shares_blocks(root.root.id) && !alone_.insert(address).second;
    if (!block.is_proven() || is_reused) {
        tree.lost.emplace_back(promise.first_key.value_or(btrfs::Key::min()), promise.end);
        lost_blocks_ = true;
        return;
    }
    const BlockView view = block.view();
    parents_[address].insert(parent);
    blocks_.try_emplace(address, ExactBlock{{view.bytes().begin(), view.bytes().end()}});
    for (u32 slot = 0; slot < view.count(); ++slot) {
        if (view.is_leaf()) {
            const Bytes body = view.item_data(slot);
            tree.items[view.key(slot)] = {{body.begin(), body.end()}, view.header().owner, address};
            continue;
        }
        const auto end = slot + 1 < view.count() ? std::optional(view.key(slot + 1)) : promise.end;
        if (root.drop_key && view.header().level >= root.drop_level && end && *end <= *root.drop_key) {
            dropped_.emplace(address, slot);
            continue;
        }
        walk(root_index, tree,
             {.address = {view.pointer(slot).blockptr},
              .generation = view.pointer(slot).generation,
              .level = static_cast<u8>(view.header().level - 1),
              .tree = promise.tree,
              .first_key = view.key(slot),
              .end = end},
             {.owner = view.header().owner, .address = address, .tree = root.root.id});
    }
}

} // namespace btrkit::test
