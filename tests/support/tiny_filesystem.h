// SPDX-License-Identifier: MIT
// A small filesystem with everything that a walk and a look-up need, and nothing wrong with it.
#pragma once

#include "formats/btrfs/dir.h"
#include "formats/btrfs/root.h"
#include "tests/support/metadata_image.h"

#include <map>
#include <string>

namespace btrkit::test {

/// The items of a subvolume, from what a user would see.
class FileTree {
public:
    FileTree() { add_inode(btrfs::root_dir_inode, directory_mode, btrfs::root_dir_inode, 0, ".."); }

    static constexpr u32 directory_mode = 0040755;
    static constexpr u32 file_mode = 0100644;

    /// A file of this content, or a directory; both return the new inode.
    u64 add_file(u64 dir, std::string_view name, std::string_view content = {});
    u64 add_dir(u64 dir, std::string_view name);
    /// The entry of another subvolume.
    void add_subvolume(u64 dir, std::string_view name, u64 tree);

    std::vector<LeafItem> items() const;

private:
    void add_inode(u64 inode, u32 mode, u64 dir, u64 index, std::string_view name, u64 size = 0);
    u64 add_entry(u64 dir, std::string_view name, const btrfs::Key& location, btrfs::FileType type);

    std::map<btrfs::Key, std::vector<std::byte>> items_;
    std::map<u64, u64> next_index_; ///< by directory
    u64 next_inode_ = btrfs::root_dir_inode + 1;
};

inline constexpr u64 tiny_subvolume_id = 300;
/// A subvolume that hangs in the other one.
inline constexpr u64 tiny_nested_id = 301;
/// Two names that share their hash, and with it their DIR_ITEM.
inline constexpr std::string_view colliding_names[] = {"niboboda", "tonaluto"};

/// On it: /hello, /docs/file-0 to file-39, /docs/deep/er/leaf, the colliding names in /docs, the subvolume
/// /docs/sub with a file "inside" and the subvolume "nested", which has a file "innermost". Of the other trees, the
/// extent, device and uuid trees, each with a few items.
struct TinyFilesystem {
    explicit TinyFilesystem(u64 profile = 0);

    MetadataImage image;
    std::map<u64, PlantedBlock> trees; ///< by id: all but the chunk tree

    const PlantedBlock& tree(u64 id) const { return trees.at(id); }
    std::vector<std::unique_ptr<BlockDevice>> devices() { return image.all_devices(); }
    /// Plants other items as this tree, and lets its root item point to them.
    void replace_tree(u64 id, const std::vector<LeafItem>& items, TreeShape shape = {});
    /// Changes the root item of a tree.
    void change_root_item(u64 id, const std::function<void(btrfs::RootItem&)>& change);
};

} // namespace btrkit::test
