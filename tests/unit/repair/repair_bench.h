// SPDX-License-Identifier: MIT
// A filesystem with one of everything that names and inodes can be, damaged item by item and repaired.
#pragma once

#include "libfs/ops/repair/repair.h"
#include "tests/unit/ops/edited_filesystem.h"

namespace btrkit::test {

repair::Report repair_in_place(const EditedFilesystem& filesystem, const repair::Options& options = {});

/// What is guessed too, and what is lossy.
inline const repair::Options guessing = {.allowed = {repair::Grade::proven, repair::Grade::guessed},
                                         .now = {.sec = 4000}};
inline const repair::Options dropping = {
    .allowed = {repair::Grade::proven, repair::Grade::guessed, repair::Grade::lossy}, .now = {.sec = 4000}};

/// What a repair leaves, and why, a line each.
std::string left_of(const repair::Report& report);

class RepairBench {
public:
    using Items = EditedFilesystem::Items;

    /// In it: /file1 to /file3, /dir with "inner" and "link", which is /file1 too, /symlink, and /file2 with an
    /// attribute; and the subvolume /dir/sub.
    RepairBench();

    Items items(u64 tree = btrfs::fs_tree_id) const { return filesystem.items(tree); }
    /// Of the inode of that path, which is in the filesystem as it was made.
    u64 inode(std::string_view path) const { return inodes_.at(std::string(path)); }

    /// The id of /dir/sub.
    u64 subvolume() const { return subvolume_; }

    repair::Report repair(const repair::Options& options = {}) { return repair_in_place(filesystem, options); }
    survey::Findings check() const { return check_filesystem(filesystem.open()).findings; }

    EditedFilesystem filesystem;

private:
    std::map<std::string, u64> inodes_;
    u64 subvolume_ = 0;
};

/// What a test breaks among the items of a tree.
struct ItemDamage {
    const char* what;
    std::function<void(const RepairBench& bench, RepairBench::Items& items)> make;
    u64 tree = btrfs::fs_tree_id;
};

/// Each damage by itself, in a fresh filesystem: it is found, a repair with these options makes the filesystem clean,
/// and each item is again what it was before the damage.
void check_each_is_undone(const std::vector<ItemDamage>& all, const repair::Options& options = {});

/// The DIR_INDEX of a name.
LeafItem& index_of(RepairBench::Items& items, u64 dir, std::string_view name);
btrfs::Key dir_item_key(u64 dir, std::string_view name);

/// The item with that key. Fails the test where there is none.
LeafItem& item_at(RepairBench::Items& items, const btrfs::Key& key);
/// Takes it out.
LeafItem take_item(RepairBench::Items& items, const btrfs::Key& key);

/// Keys and bodies, one a line, for comparing; of root items their keys alone.
std::string text_of(const RepairBench::Items& items);

} // namespace btrkit::test
