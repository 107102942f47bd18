// SPDX-License-Identifier: MIT
#include "libfs/edit/inode_editor.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"
#include "libfs/edit/new_inode.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

btrfs::Key inode_key(u64 inode) {
    return {inode, type::inode_item, 0};
}

std::unexpected<Error> no_inode(const PlaceInTree& place) {
    return fail(ErrorKind::not_found, fmt::format("there is no inode {} in tree {}", place.inode, place.tree));
}

} // namespace

Result<Inode> InodeEditor::get(const PlaceInTree& place) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(place.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find(inode_key(place.inode)));
    const auto* inode = item ? view_at<btrfs::InodeItem>(item->body) : nullptr;
    if (inode == nullptr) {
        return no_inode(place);
    }
    return parse_inode(place.inode, *inode);
}

Result<TreeBuffer*> InodeEditor::writable_tree(u64 id) {
    if (const auto known = writable_.find(id); known != writable_.end()) {
        return known->second;
    }
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, roots->first_from({id, type::root_item, 0}));
    const bool is_there = item && item->key.objectid == id && item->key.type == type::root_item;
    if (!is_there || item->body.size() < btrfs::legacy_root_item_size) {
        return fail(ErrorKind::damaged,
                    fmt::format("subvolume {} has no root item, or a short one; run btrkit-check", id));
    }
    auto root = whole_root_item(item->body).item;
    if (root.refs == 0) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {} is being deleted; mount it to let the kernel finish that", id));
    }
    if ((root.flags & btrfs::root_subvol_rdonly) != 0) {
        return fail(
            ErrorKind::refused,
            fmt::format("subvolume {} is read-only; make it writable (btrkit-subvolume property set IMAGE {} ro "
                        "false) or change a snapshot of it",
                        id, id));
    }
    root.ctransid = transaction_->generation();
    root.ctime = timespec_of(now_);
    std::memcpy(item->body.data(), &root, std::min(item->body.size(), sizeof(root)));
    roots->put(item->key, item->body);
    writable_[id] = tree;
    return tree;
}

Result<void> InodeEditor::change(const PlaceInTree& place, const std::function<void(btrfs::InodeItem&)>& change) {
    BTRKIT_TRY_ASSIGN(auto* tree, writable_tree(place.tree));
    BTRKIT_TRY_ASSIGN(auto item, tree->find(inode_key(place.inode)));
    if (!item || item->body.size() < sizeof(btrfs::InodeItem)) {
        return no_inode(place);
    }
    auto* inode = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
    change(*inode);
    inode->transid = transaction_->generation();
    inode->sequence = u64{inode->sequence} + 1;
    tree->put(inode_key(place.inode), item->body);
    return {};
}

Result<u64> InodeEditor::newest_number(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
    BTRKIT_TRY_ASSIGN(const auto last, tree->last_up_to({btrfs::last_free_objectid, 0xff, ~u64{0}}));
    return std::max(last ? last->key.objectid : 0, btrfs::root_dir_inode);
}

Result<u64> InodeEditor::new_number(u64 id) {
    auto& next = next_numbers_[id];
    if (next == 0) {
        BTRKIT_TRY_ASSIGN(const u64 newest, newest_number(id));
        next = newest + 1;
    }
    if (next > btrfs::last_free_objectid) {
        return fail(ErrorKind::no_space, "no inode number is left");
    }
    return next++;
}

Result<u64> InodeEditor::number_for(u64 id, u64 wanted) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
    const bool can_be = wanted > btrfs::root_dir_inode && wanted <= btrfs::last_free_objectid;
    BTRKIT_TRY_ASSIGN(const auto taken, can_be ? tree->find(inode_key(wanted)) : Result<std::optional<BufferedItem>>());
    if (!can_be || taken) {
        return new_number(id);
    }
    if (const auto known = next_numbers_.find(id); known != next_numbers_.end()) {
        known->second = std::max(known->second, wanted + 1);
    }
    return wanted;
}

Result<void> InodeEditor::remove_items(const PlaceInTree& place) {
    BTRKIT_TRY_ASSIGN(auto* tree, writable_tree(place.tree));
    // From the last one to the inode itself: there may be millions, which are merged on the way, and a leaf never holds
    // what belongs to an inode without it.
    btrfs::Key upto = {place.inode, 0xff, ~u64{0}};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, tree->last_up_to(upto));
        if (!item || item->key.objectid != place.inode) {
            return {};
        }
        BTRKIT_TRY(tree->erase(item->key));
        if (item->key.type == btrfs::item_type::inode_item) {
            return {}; // its first item: before it may stand nothing but what is gone, and lots of that
        }
        upto = btrfs::key_before(item->key);
        BTRKIT_TRY(transaction_->relieve());
    }
}

} // namespace btrkit
