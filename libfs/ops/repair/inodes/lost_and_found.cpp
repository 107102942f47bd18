// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/lost_and_found.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/inode_refs.h"
#include "libfs/ops/repair/inodes/entries_to.h"
#include "libfs/ops/repair/inodes/inode_sums.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::repair {

namespace {

constexpr std::string_view lost_and_found_name = "lost+found";

/// Of all that entries lead to, whether it is there or not.
Result<u64> highest_named_inode(TreeBuffer& tree) {
    u64 highest = 0;
    BTRKIT_TRY(for_each_entry_in(tree, [&](const NameForm& form) {
        highest = std::max(highest, form.child <= btrfs::last_free_objectid ? form.child : 0);
    }));
    return highest;
}

/// Nothing where something else has the name. Where it is made, its number is none that a lost inode may have had.
Result<std::optional<PlaceInTree>> lost_and_found(DirectoryEditor& directories, TreeBuffer& tree, u64 id) {
    const PlaceInTree top = {.tree = id, .inode = btrfs::root_dir_inode};
    auto stored_top = StoredInode::find(tree, top.inode);
    if (!stored_top || !S_ISDIR(stored_top->item().mode)) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto entry, directories.find_entry(top, lost_and_found_name));
    if (!entry) {
        BTRKIT_TRY_ASSIGN(const u64 highest, highest_named_inode(tree));
        BTRKIT_TRY_ASSIGN(const auto made, directories.make_directory(top, lost_and_found_name, highest));
        return std::optional(made);
    }
    BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(tree, entry->objectid));
    const bool is_directory = entry->type == btrfs::item_type::inode_item && S_ISDIR(stored.item().mode);
    return is_directory ? std::optional(PlaceInTree{.tree = id, .inode = entry->objectid}) : std::nullopt;
}

} // namespace

Result<std::optional<NamedPlace>> place_in_lost_and_found(Transaction& transaction, u64 tree_id,
                                                          const std::string& name, Time now) {
    DirectoryEditor directories(transaction, now);
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(tree_id));
    BTRKIT_TRY_ASSIGN(const auto dir, lost_and_found(directories, *tree, tree_id));
    NamedPlace place = {.dir = dir.value_or(PlaceInTree{}), .name = name};
    for (unsigned number = 1; dir; ++number) {
        BTRKIT_TRY_ASSIGN(const auto taken, directories.find_entry(*dir, place.name));
        if (!taken) {
            return std::optional(place);
        }
        place.name = fmt::format("{}-{}", name, number);
    }
    return std::optional<NamedPlace>();
}

Result<bool> put_into_lost_and_found(Transaction& transaction, const PlaceInTree& inode, Time now) {
    DirectoryEditor directories(transaction, now);
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(inode.tree));
    BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(*tree, inode.inode));
    const auto file_type = file_type_of(stored.item().mode);
    if (file_type == btrfs::FileType::unknown) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto place,
                      place_in_lost_and_found(transaction, inode.tree, fmt::format("inode-{}", inode.inode), now));
    if (!place) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const u64 index,
                      directories.add_entry(*place, {inode.inode, btrfs::item_type::inode_item, 0}, file_type));
    BTRKIT_TRY(add_inode_ref(*tree, transaction.geometry(), inode.inode,
                             {.dir = place->dir.inode, .index = index, .name = place->name}));
    BTRKIT_TRY(renew_name_sums(*tree, inode.inode));
    return true;
}

Result<void> keep_if_nameless(Transaction& transaction, const PlaceInTree& inode, Time now) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(inode.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find({inode.inode, btrfs::item_type::inode_item, 0}));
    BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(*tree, inode.inode));
    if (item && sums.names == 0 && inode.inode != btrfs::root_dir_inode) {
        BTRKIT_TRY(put_into_lost_and_found(transaction, inode, now));
    }
    return {};
}

} // namespace btrkit::repair
