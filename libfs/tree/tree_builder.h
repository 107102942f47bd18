// SPDX-License-Identifier: MIT
// A whole tree from its items in key order, packed from the bottom up into full leaves and nodes, each written once.
//
// The shape of a tree depends on nothing but the sizes of its items: whoever must know beforehand how many blocks a
// tree takes, or where its blocks begin, builds it once into a sink that keeps nothing.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/tree/item_sink.h"
#include "libfs/volume/geometry.h"

#include <memory>
#include <vector>

namespace btrkit {

/// A block that a builder has closed.
struct BuiltBlock {
    Logical address;
    u64 tree = 0;
    u8 level = 0;
    btrfs::Key first_key;

    friend bool operator==(const BuiltBlock&, const BuiltBlock&) = default;
};

/// Where a builder's blocks go, in the order in which they are closed: children before parents, left before right.
class BlockSink {
public:
    virtual ~BlockSink() = default;
    BlockSink(const BlockSink&) = delete;
    BlockSink& operator=(const BlockSink&) = delete;

    /// The address of the next block of that tree, which will have that level.
    virtual Result<Logical> place(u64 tree, u8 level) = 0;
    /// A whole block, complete but for its checksum, which the sink puts in if it writes it anywhere.
    virtual Result<void> take(const BuiltBlock& block, MutableBytes bytes) = 0;

protected:
    BlockSink() = default;
};

/// What all blocks of a new tree carry.
struct TreeIdentity {
    u64 tree = 0;
    u64 generation = 0;
    btrfs::Uuid chunk_tree_uuid;
};

struct BuiltTree {
    Logical root;
    u8 level = 0;
    u64 block_count = 0;
};

class TreeBuilder final : public ItemSink {
public:
    /// geometry and sink must outlive the builder.
    TreeBuilder(const Geometry& geometry, const TreeIdentity& identity, BlockSink& sink);
    ~TreeBuilder() override;
    TreeBuilder(TreeBuilder&&) noexcept;
    TreeBuilder& operator=(TreeBuilder&&) = delete;

    /// Fails with bug where the item can't fit any leaf (btrfs::max_item_size), and as the sink does.
    Result<void> add(const btrfs::Key& key, Bytes data) override;

    /// Closes what is open. A tree without items is one empty leaf. Nothing may be added afterwards.
    Result<BuiltTree> finish();

private:
    struct Level;

    Result<void> close(unsigned level);
    Result<void> add_pointer(unsigned level, const btrfs::Key& first_key, Logical child);
    Result<BuiltBlock> emit(Level& level, u8 number);

    const Geometry* geometry_;
    TreeIdentity identity_;
    BlockSink* sink_;
    std::vector<Level> levels_;
    u64 block_count_ = 0;
};

} // namespace btrkit
