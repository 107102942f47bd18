// SPDX-License-Identifier: MIT
#include "tests/check/exact/exact_image.h"

namespace btrkit::test {

ExactImage::ExactImage(const Filesystem& filesystem) : filesystem_(filesystem) {
    read_roots();
    trees_.resize(roots_.size());
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        walk(i, trees_[i], roots_[i].root.block.promise, roots_[i].root.id);
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
        if (!root) {
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

void ExactImage::walk(std::size_t root_index, ExactTree& tree, const Promise& promise, u64 parent_owner) {
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
    parent_owners_[address].insert(parent_owner);
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
             view.header().owner);
    }
}

} // namespace btrkit::test
