// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"
#include "libfs/ops/repair/fixes.h"

#include <cstring>

namespace btrkit::repair {

namespace {

/// A tree's root block gets the generation of this change, and so does its root item.
Result<void> renew_root_block(TreeBuffer& tree) {
    BTRKIT_TRY_ASSIGN(const auto first, tree.first_from(btrfs::Key::min()));
    if (first) {
        tree.put(first->key, first->body);
    }
    return {};
}

/// A snapshot that is thought younger than it is costs a copy; one that is thought older would cost what it shares.
void correct_root(btrfs::RootItem& root, u64 tree, u64 generation) {
    root.last_snapshot = std::min(u64{root.last_snapshot}, generation);
    root.generation_v2 = root.generation_v2 > generation ? u64{root.generation} : u64{root.generation_v2};
    root.flags = root.flags & btrfs::known_flags(btrfs::root_flag_names);
    if (root.drop_progress.to_key() == btrfs::Key{}) {
        root.drop_level = 0;
    }
    if (is_subvolume(tree)) {
        root.root_dirid = btrfs::root_dir_inode;
    }
}

Result<void> fix_root_item(Transaction& transaction, const btrfs::Key& key) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, roots->find(key));
    if (!item || item->body.size() < btrfs::legacy_root_item_size) {
        return fail(ErrorKind::not_found, "the root item is not there");
    }
    const auto whole = whole_root_item(item->body);
    auto root = whole.item;
    const u64 generation = transaction.committed().super().generation;
    const bool is_too_new = root.generation > generation;
    correct_root(root, key.objectid, generation);
    if (!whole.is_legacy) {
        std::memcpy(item->body.data(), &root, std::min(item->body.size(), sizeof(root)));
        roots->put(key, item->body);
    }
    if (is_too_new) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(key.objectid));
        BTRKIT_TRY(renew_root_block(*tree));
    }
    return {};
}

} // namespace

Result<void> fix_root_items(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto& key = finding->problem.place.key;
        if (!key || key->type != btrfs::item_type::root_item) {
            round.decline(*finding, "the finding does not say of what");
            continue;
        }
        BTRKIT_TRY(fix_root_item(transaction, *key));
    }
    return {};
}

} // namespace btrkit::repair
