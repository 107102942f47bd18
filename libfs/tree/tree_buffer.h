// SPDX-License-Identifier: MIT
// Changes of one tree that wait to be merged into it, and the tree as it will be then.
#pragma once

#include "libfs/base/array_map.h"
#include "libfs/base/byte_arena.h"
#include "libfs/tree/tree_editor.h"
#include "libfs/tree/tree_search.h"

namespace btrkit {

/// An item of the tree as it will be.
struct BufferedItem {
    btrfs::Key key;
    std::vector<std::byte> body;
};

/// Edits in key order, and what their bodies stand in.
struct TakenEdits {
    std::vector<ItemEdit> edits;
    ByteArena bodies;
};

/// Reads see what was put and erased here, over the tree. Strict as TreeSearch is: reads and erase() fail with damaged
/// where what they ask for may be in a block that is lost.
class TreeBuffer final : public ItemSink {
public:
    /// The cache must outlive it. root: nothing while the tree is not there yet.
    TreeBuffer(BlockCache& cache, const std::optional<Promise>& root);

    /// The item is this, was it there or not.
    void put(const btrfs::Key& key, Bytes body) { keep(key, body); }
    /// put(), for writers of items; keys need not ascend.
    Result<void> add(const btrfs::Key& key, Bytes data) override;
    /// The item is gone; false where it was not there.
    Result<bool> erase(const btrfs::Key& key);
    void apply(std::span<const ItemEdit> edits);

    Result<std::optional<BufferedItem>> find(const btrfs::Key& key);
    /// The first item whose key is not below that one, nor above the last. Who knows where to end says so: behind that
    /// there may be lots of items that are gone, and each is passed over.
    Result<std::optional<BufferedItem>> first_from(const btrfs::Key& key, const btrfs::Key& last = btrfs::Key::max());
    /// The last item whose key is not above that one.
    Result<std::optional<BufferedItem>> last_up_to(const btrfs::Key& key);

    bool empty() const { return edits_.empty(); }
    /// About what the edits take in memory.
    std::size_t waiting_bytes() const;
    /// All edits, for edit_tree(); none is left.
    TakenEdits take();
    /// After they were merged: the tree is this now.
    void set_root(const Promise& root);

private:
    /// What becomes of an item.
    struct Edit {
        std::byte* body = nullptr; ///< in bodies_; null: the item is gone
        u32 size = 0;
        u32 room = 0; ///< what can be there without a new place

        std::optional<Bytes> bytes() const { return body == nullptr ? std::nullopt : std::optional(Bytes(body, size)); }
    };

    /// Whether the item of that key in the tree, if there is one, is changed here.
    bool is_edited(const btrfs::Key& key) const { return edits_.find(key) != nullptr; }

    void keep(const btrfs::Key& key, std::optional<Bytes> body);
    TreeSearch* search_near(const btrfs::Key& key);

    BlockCache* cache_;
    std::vector<TreeSearch> searches_; ///< of the tree; none while it is not there yet
    std::size_t last_search_ = 0;
    ArrayMap<btrfs::Key, Edit> edits_;
    ByteArena bodies_;
    std::size_t body_bytes_ = 0; ///< given out of bodies_
};

} // namespace btrkit
