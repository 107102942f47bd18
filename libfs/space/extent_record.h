// SPDX-License-Identifier: MIT
// An extent with all its references, wherever they stand: from its items, and to them.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/base/error.h"
#include "libfs/base/range_set.h"
#include "libfs/space/extent_item.h"
#include "libfs/tree/extent_ref.h"

#include <array>
#include <compare>
#include <vector>

namespace btrkit {

struct ExtentRecord {
    u64 bytenr = 0;
    u64 length_bytes = 0;
    u64 generation = 0;
    u64 flags = 0; ///< extent_flag_*
    u8 level = 0;  ///< of a tree block
    /// Of a tree block whose item is an EXTENT_ITEM: where the block begins. A METADATA_ITEM has none.
    std::optional<btrfs::Key> first_key;
    /// As stands_before() orders them, each once; a count of 0 has the owner only.
    std::vector<ExtentRef> refs;

    bool is_data() const { return (flags & btrfs::extent_flag_data) != 0; }
    /// What its item says of all references together.
    u64 ref_count() const;

    friend bool operator==(const ExtentRecord&, const ExtentRecord&) = default;
};

/// A tree block that is new: without references yet. flags: beyond that it is one.
ExtentRecord record_of_block(const Geometry& geometry, const btrfs::TreeBlockHeader& header,
                             const btrfs::Key& first_key, u64 flags = 0);
/// A data extent that is new. quota_owner: whom it counts for with simple quotas; 0: nobody.
ExtentRecord record_of_data(Range extent, u64 generation, u64 quota_owner);

/// The order of inline references: types ascend, within a type the sequence descends. Those of one hash descend by
/// tree, inode and offset. Two that are neither before the other are of one referrer.
bool stands_before(const ExtentRef& one, const ExtentRef& other);

/// What stands_before() compares, where many are compared: for data it takes a hash.
struct RefRank {
    u8 type = 0;
    /// Of what descends, the complement.
    std::array<u64, 4> rest = {};

    friend auto operator<=>(const RefRank&, const RefRank&) = default;
};
RefRank rank_of(const ExtentRef& ref);

/// Puts an extent's items together. Fails with damaged where they say what can't be.
class ExtentRecordReader {
public:
    /// With the extent's EXTENT_ITEM or METADATA_ITEM.
    static Result<ExtentRecordReader> begin(const btrfs::Key& key, Bytes body, const Geometry& geometry);

    /// Whether an item is one of the extent's keyed references. They stand right behind its item.
    bool owns(const btrfs::Key& key) const { return key.objectid == record_.bytenr && is_keyed_ref(key.type); }
    /// An item that it owns.
    Result<void> add(const btrfs::Key& key, Bytes body);
    /// When all have been added.
    Result<ExtentRecord> finish() &&;

private:
    ExtentRecordReader(ExtentRecord record, u64 stated_refs) : record_(std::move(record)), stated_refs_(stated_refs) {}
    Result<void> take(const ExtentRef& ref);

    ExtentRecord record_;
    u64 stated_refs_;
};

/// What an extent item does not grow to: a reference that would make it that large, or larger, gets a key of its own
/// (the kernel's BTRFS_MAX_EXTENT_ITEM_SIZE).
constexpr u32 extent_item_size_limit(u32 nodesize) {
    return btrfs::leaf_data_size(nodesize) / 16 - u32{sizeof(btrfs::ItemHeader)};
}

struct EncodedItem {
    btrfs::Key key;
    std::vector<std::byte> body;

    friend bool operator==(const EncodedItem&, const EncodedItem&) = default;
};

/// The extent's items in key order: its own, with as many references inline as the kernel would put there, then the
/// others. At least one reference must count.
std::vector<EncodedItem> encode_extent(const ExtentRecord& record, u32 nodesize);

} // namespace btrkit
