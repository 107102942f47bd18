// SPDX-License-Identifier: MIT
// The items of a leaf after extents were laid out anew.
#pragma once

#include "libfs/base/byte_arena.h"
#include "libfs/relocate/extent_layout.h"
#include "libfs/relocate/graph_rewriter.h"

namespace btrkit {

class LaidItems {
public:
    /// The layout must outlive it.
    explicit LaidItems(const ExtentLayout& layout) : layout_(layout) {}

    /// All items as they will be, up to the next call; nothing where none refers to anything that changes. Fails with
    /// damaged where an item refers to what is no part of its extent.
    Result<std::optional<std::span<const LeafItem>>> of(const TreeBlock& leaf);
    /// What the items that of() has returned last refer to: indexes in the layout, some more than once.
    std::span<const std::size_t> targets() const { return targets_; }

private:
    /// An item that is put together.
    struct Open {
        btrfs::Key key;
        std::size_t target = 0;
        u64 offset = 0; ///< in the new extent
        u64 end = 0;
        u64 generation = 0;
        u8 type = 0; ///< FileExtentType
        u8 encryption = 0;
        u16 other_encoding = 0;

        u64 file_end() const { return key.offset + (end - offset); }
    };

    Result<bool> add(const btrfs::Key& key, Bytes body);
    void add_part(const Open& part);
    void flush();

    const ExtentLayout& layout_;
    std::vector<LeafItem> items_;
    std::vector<std::size_t> targets_;
    ByteArena bodies_;
    std::optional<Open> open_;
};

} // namespace btrkit
