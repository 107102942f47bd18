// SPDX-License-Identifier: MIT
// Changes of one tree that wait to be merged into it, and the tree as it will be then.
#pragma once

#include "libfs/tree/tree_editor.h"
#include "libfs/tree/tree_search.h"

#include <map>

namespace btrkit {

/// An item of the tree as it will be.
struct BufferedItem {
    btrfs::Key key;
    std::vector<std::byte> body;
};

/// Reads see what was put and erased here, over the tree. Strict as TreeSearch is: reads and erase() fail with damaged
/// where what they ask for may be in a block that is lost.
class TreeBuffer final : public ItemSink {
public:
    /// The cache must outlive it. root: nothing while the tree is not there yet.
    TreeBuffer(BlockCache& cache, const std::optional<Promise>& root);

    /// The item is this, was it there or not.
    void put(const btrfs::Key& key, std::vector<std::byte> body);
    void put(const btrfs::Key& key, Bytes body) { put(key, std::vector<std::byte>(body.begin(), body.end())); }
    /// put(), for writers of items; keys need not ascend.
    Result<void> add(const btrfs::Key& key, Bytes data) override;
    /// The item is gone; false where it was not there.
    Result<bool> erase(const btrfs::Key& key);
    void apply(std::vector<ItemEdit> edits);

    Result<std::optional<BufferedItem>> find(const btrfs::Key& key);
    /// The first item whose key is not below that one.
    Result<std::optional<BufferedItem>> first_from(const btrfs::Key& key);
    /// The last item whose key is not above that one.
    Result<std::optional<BufferedItem>> last_up_to(const btrfs::Key& key);

    bool empty() const { return edits_.empty(); }
    /// About what the edits take in memory.
    std::size_t waiting_bytes() const { return waiting_bytes_; }
    /// The edits in key order, for edit_tree(); none is left.
    std::vector<ItemEdit> take();
    /// After they were merged: the tree is this now.
    void set_root(const Promise& root);

private:
    /// Whether the item of that key in the tree, if there is one, is changed here.
    bool is_edited(const btrfs::Key& key) const { return edits_.contains(key); }

    void keep(const btrfs::Key& key, std::optional<std::vector<std::byte>> body);

    BlockCache* cache_;
    std::optional<TreeSearch> search_;
    std::size_t waiting_bytes_ = 0;
    std::map<btrfs::Key, std::optional<std::vector<std::byte>>> edits_; ///< nothing: the item is gone
};

} // namespace btrkit
