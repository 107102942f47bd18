// SPDX-License-Identifier: MIT
// A tree block's bytes, readable without knowing whether they make sense: every accessor stays inside the block.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/base/bytes.h"

namespace btrkit {

/// Nothing is proven; TreeBlock (tree_block.h) is the proven sibling. bytes.size() is the nodesize.
class BlockView {
public:
    explicit BlockView(Bytes bytes) : bytes_(bytes) {}

    Bytes bytes() const { return bytes_; }
    u32 nodesize() const { return static_cast<u32>(bytes_.size()); }
    const btrfs::TreeBlockHeader& header() const {
        return *reinterpret_cast<const btrfs::TreeBlockHeader*>(bytes_.data());
    }
    bool is_leaf() const { return header().level == 0; }

    /// Items or pointers that the header claims, cut to what fits the block.
    u32 count() const { return std::min<u32>(header().nritems, capacity()); }
    u32 capacity() const {
        const u32 room = btrfs::leaf_data_size(nodesize());
        // Both are divisions by a constant: loops over slots ask for this each time.
        return is_leaf() ? room / u32{sizeof(btrfs::ItemHeader)} : room / u32{sizeof(btrfs::KeyPointer)};
    }

    /// Needs a leaf and slot < count().
    const btrfs::ItemHeader& item(u32 slot) const { return entries<btrfs::ItemHeader>()[slot]; }
    /// The item's data, cut where the block ends.
    Bytes item_data(u32 slot) const {
        const auto& header = item(slot);
        return clipped(bytes_, sizeof(btrfs::TreeBlockHeader) + std::size_t{header.offset}, header.size);
    }
    /// Needs a node and slot < count().
    const btrfs::KeyPointer& pointer(u32 slot) const { return entries<btrfs::KeyPointer>()[slot]; }

    btrfs::Key key(u32 slot) const { return is_leaf() ? item(slot).key.to_key() : pointer(slot).key.to_key(); }

private:
    template <class Entry>
    const Entry* entries() const {
        return reinterpret_cast<const Entry*>(bytes_.data() + sizeof(btrfs::TreeBlockHeader));
    }

    Bytes bytes_;
};

} // namespace btrkit
