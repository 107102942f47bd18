// SPDX-License-Identifier: MIT
// What the item checks share (internal to libfs/tree): the item that is being checked, what it may be compared with,
// and the way its findings go. Nothing here allocates or formats unless there is a finding.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/tree/tree_block.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit {

class ItemCheck {
public:
    ItemCheck(const TreeBlock& leaf, const Geometry& geometry, u64 tree, Problems& problems)
        : leaf_(leaf), geometry_(geometry), tree_(tree), owner_(leaf.header().owner), problems_(problems) {}

    /// Goes to an item. Slots must be visited in order, from 0.
    void move_to(u32 slot) {
        slot_ = slot;
        key_ = leaf_.key(slot);
        data_ = leaf_.item_data(slot);
    }

    const Geometry& geometry() const { return geometry_; }
    /// The tree that the block says it belongs to; the rules for its items are those of this tree.
    u64 owner() const { return owner_; }
    const btrfs::Key& key() const { return key_; }
    Bytes data() const { return data_; }
    /// The structure that the item begins with. Needs a type whose min_size in item_types covers it: only items of a
    /// possible size get as far as their checks.
    template <class T>
    const T& body() const {
        return *view_at<T>(data_);
    }

    /// The item before, where it has that type: its key and data.
    std::optional<btrfs::Key> previous_of_type(u8 type) const {
        return previous_type() == type ? std::optional(leaf_.key(slot_ - 1)) : std::nullopt;
    }
    /// The type of the item before; nothing for the first of the leaf.
    std::optional<u8> previous_type() const {
        return slot_ != 0 ? std::optional(leaf_.item(slot_ - 1).key.type) : std::nullopt;
    }
    Bytes previous_data() const { return leaf_.item_data(slot_ - 1); }

    bool is_sector_aligned(u64 value) const { return (value & (geometry_.sectorsize - 1)) == 0; }

    template <class... Args>
    void report(ProblemCode code, fmt::format_string<const Args&...> format, const Args&... args) const {
        add(code, fmt::format(format, args...));
    }
    /// By a rule that not all kernels have.
    template <class... Args>
    void report_for(KernelTrait refused_by, ProblemCode code, fmt::format_string<const Args&...> format,
                    const Args&... args) const {
        adopt({.code = code, .place = {}, .detail = fmt::format(format, args...), .refused_by = refused_by});
    }
    /// Takes a finding from elsewhere and says where it was.
    void adopt(Problem problem) const;

    void expect_aligned(ProblemCode code, std::string_view what, u64 value,
                        KernelTrait refused_by = KernelTrait::every_kernel) const {
        if (!is_sector_aligned(value)) [[unlikely]] {
            report_for(refused_by, code, "{} {} is not a multiple of the sectorsize {}", what, value,
                       geometry_.sectorsize);
        }
    }
    /// Log trees are written one generation ahead of the superblock; nothing is newer than that.
    void expect_generation(ProblemCode code, std::string_view what, u64 value) const {
        if (value > geometry_.generation && value - geometry_.generation > 1) [[unlikely]] {
            report(code, "{} {} is newer than the superblock's {}", what, value, geometry_.generation);
        }
    }
    /// In subvolumes an inode's items stand together, its inode item first: so whatever is not first in the leaf
    /// follows another item of its inode. Log trees hold parts of inodes and are exempt.
    void expect_inode_before() const;

private:
    void add(ProblemCode code, std::string detail) const;

    const TreeBlock& leaf_;
    const Geometry& geometry_;
    u64 tree_;
    u64 owner_;
    Problems& problems_;
    u32 slot_ = 0;
    btrfs::Key key_;
    Bytes data_;
};

/// The end of a range, or nothing where it lies beyond the last address.
constexpr std::optional<u64> end_of(u64 start, u64 length) {
    return length <= std::numeric_limits<u64>::max() - start ? std::optional(start + length) : std::nullopt;
}

/// Whether an inode can have that number: users' inodes, the root tree's directory, the old inode number cache.
constexpr bool is_inode_number(u64 objectid) {
    return (objectid >= btrfs::first_free_objectid && objectid <= btrfs::last_free_objectid) ||
           objectid == btrfs::root_tree_dir_id || objectid == btrfs::free_ino_objectid;
}

// The checks by family. Each needs an item of its type and of a size that item_types allows.
void check_inode(const ItemCheck& item);
void check_inode_refs(const ItemCheck& item);
void check_inode_extrefs(const ItemCheck& item);
void check_dir_entries(const ItemCheck& item); ///< DIR_ITEM, DIR_INDEX and XATTR_ITEM
void check_file_extent(const ItemCheck& item);
void check_csums(const ItemCheck& item);
void check_root(const ItemCheck& item);
void check_root_ref(const ItemCheck& item); ///< ROOT_REF and ROOT_BACKREF
void check_uuid_subvolumes(const ItemCheck& item);
void check_extent(const ItemCheck& item);    ///< EXTENT_ITEM and METADATA_ITEM
void check_block_ref(const ItemCheck& item); ///< keyed TREE_BLOCK_REF and SHARED_BLOCK_REF
void check_shared_data_ref(const ItemCheck& item);
void check_extent_data_refs(const ItemCheck& item);
void check_block_group(const ItemCheck& item);
void check_free_space_info(const ItemCheck& item);
void check_free_space_range(const ItemCheck& item); ///< FREE_SPACE_EXTENT and FREE_SPACE_BITMAP
void check_chunk_item(const ItemCheck& item);
void check_device(const ItemCheck& item);
void check_dev_extent(const ItemCheck& item);
void check_raid_stripe(const ItemCheck& item);

} // namespace btrkit
