// SPDX-License-Identifier: MIT
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"

#include <bit>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr auto types_in_file_trees =
    std::to_array<u8>({type::inode_item, type::inode_ref, type::inode_extref, type::xattr_item, type::verity_desc_item,
                       type::verity_merkle_item, type::dir_item, type::dir_index, type::extent_data});

bool can_have_size(u8 item_type, std::size_t size) {
    const auto* info = btrfs::find_item_type(item_type);
    return info != nullptr && size >= info->min_size && size <= info->max_size;
}

/// The items next to a key.
struct Neighbours {
    std::optional<BufferedItem> before;
    std::optional<BufferedItem> behind;
};

/// Whether a key could stand where another one does: so that one bit of that is wrong, and nothing else.
bool could_stand_between(const Neighbours& neighbours, const btrfs::Key& key) {
    return (!neighbours.before || neighbours.before->key < key) && (!neighbours.behind || key < neighbours.behind->key);
}

/// The same bytes of the same file, as another repair may have put them there.
bool is_same_extent(Bytes one, Bytes other) {
    const auto* left = view_at<btrfs::FileExtentRange>(one, sizeof(btrfs::FileExtentHead));
    const auto* right = view_at<btrfs::FileExtentRange>(other, sizeof(btrfs::FileExtentHead));
    return left != nullptr && right != nullptr && std::ranges::equal(as_bytes_of(*left), as_bytes_of(*right));
}

/// The only key with one other bit in its type that the item can have; nothing: there is none, or several.
std::optional<btrfs::Key> only_key_for(const BufferedItem& item, const Neighbours& neighbours) {
    std::optional<btrfs::Key> only;
    for (const u8 candidate : types_in_file_trees) {
        const btrfs::Key key = {item.key.objectid, candidate, item.key.offset};
        // Another repair may have put it where it belongs already.
        const bool is_possible = could_stand_between(neighbours, key) ||
                                 (neighbours.before && neighbours.before->key == key) ||
                                 (neighbours.behind && neighbours.behind->key == key);
        if (std::popcount(static_cast<u8>(candidate ^ item.key.type)) == 1 &&
            can_have_size(candidate, item.body.size()) && is_possible) {
            if (only) {
                return std::nullopt;
            }
            only = key;
        }
    }
    return only;
}

/// False: nothing is changed.
Result<bool> bring_back(TreeBuffer& tree, const btrfs::Key& key) {
    BTRKIT_TRY_ASSIGN(const auto item, tree.find(key));
    if (!item) {
        return false;
    }
    Neighbours neighbours;
    BTRKIT_TRY_ASSIGN(neighbours.before, tree.last_up_to(btrfs::key_before(key)));
    BTRKIT_TRY_ASSIGN(neighbours.behind, tree.first_from(btrfs::next_key(key)));
    const auto right = only_key_for(*item, neighbours);
    if (!right) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto there, tree.find(*right));
    if (there && !is_same_extent(there->body, item->body)) {
        return false;
    }
    BTRKIT_TRY(tree.erase(key));
    tree.put(*right, item->body);
    return true;
}

} // namespace

Result<void> fix_astray_items(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto& key = finding->problem.place.key;
        const auto trees = trees_of(transaction, *finding);
        if (!trees || !key) {
            round.decline(*finding, trees ? "the finding does not say of which item" : trees.error().message);
            continue;
        }
        for (const u64 id : *trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
            BTRKIT_TRY_ASSIGN(const bool is_back, is_subvolume(id) ? bring_back(*tree, *key) : Result<bool>(false));
            if (!is_back) {
                round.decline(*finding, "no key with one other bit is the only one that it could have");
            }
        }
    }
    return {};
}

Result<void> drop_items(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto& key = finding->problem.place.key;
        if (!key) {
            round.decline(*finding, "the finding does not say of which item");
            continue;
        }
        BTRKIT_TRY(in_each_tree(transaction, *finding, round, [&](u64, TreeBuffer& tree) { return tree.erase(*key); }));
    }
    return {};
}

} // namespace btrkit::repair
