// SPDX-License-Identifier: MIT
// Items, and what the checks say about a leaf of them.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/tree/item_check.h"
#include "tests/support/build_leaf.h"
#include "tests/support/dir_entry.h"

#include <string>

#include <doctest/doctest.h>

namespace btrkit::test {

namespace type = btrfs::item_type;

/// The ids of problems, parted by spaces; empty where there are none.
std::string ids_of(const Problems& problems);

/// What check_items() says about a leaf of these items, which is proven before.
Problems problems_of(const std::vector<LeafItem>& items, u64 owner, const Geometry& geometry = sample_geometry());
std::string findings(const std::vector<LeafItem>& items, u64 owner, const Geometry& geometry = sample_geometry());

/// A structure with one thing changed, as an item's data.
template <class T, class Change>
std::vector<std::byte> changed(T value, Change change) {
    change(value);
    return bytes_from(value);
}

// Leaves that nothing is wrong with. Together they have every item type that is checked.
struct ValidLeaf {
    std::string_view name;
    u64 owner;
    Geometry geometry;
    std::vector<LeafItem> items;
};
std::vector<ValidLeaf> valid_leaves();

// The structures that they are made of.
btrfs::InodeItem valid_inode(u32 mode);
btrfs::RootItem valid_root();
btrfs::FileExtentHead valid_extent_head(btrfs::FileExtentType extent_type, u64 ram_bytes);
btrfs::FileExtentRange valid_extent_range(u64 num_bytes);
std::vector<std::byte> block_ref(u8 ref_type, u64 offset);
/// A data reference as it stands alone, and inline, behind its type.
std::vector<std::byte> data_ref_body(u64 root, u64 objectid, u64 offset, u32 count);
std::vector<std::byte> data_ref(u64 root, u64 objectid, u64 offset, u32 count);
std::vector<std::byte> shared_data_ref(u64 parent, u32 count);
btrfs::ExtentItem extent_head(u64 refs, u64 flags);
btrfs::BlockGroupItem valid_block_group();
btrfs::DevItem valid_device();
btrfs::DevExtent valid_dev_extent();
std::vector<std::byte> valid_chunk();

} // namespace btrkit::test
