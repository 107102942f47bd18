// SPDX-License-Identifier: MIT
// Bodies that share a key, gathered into the one item that stands under it: names whose hashes collide, references of
// one inode to one directory.
#pragma once

#include "libfs/base/item_buffer.h"
#include "libfs/tree/item_sink.h"

namespace btrkit {

/// Adds items to a sink in key order. Nothing is known to be there before flush().
class ItemMerger {
public:
    /// The sink must outlive it. max_size_bytes: of an item's body.
    ItemMerger(ItemSink& sink, u32 max_size_bytes) : sink_(&sink), max_size_bytes_(max_size_bytes) {}

    /// Keys don't descend. False, and nothing is added, where the item of that key has no room for the part. Fails as
    /// the sink does.
    Result<bool> add(const btrfs::Key& key, Bytes part);
    /// Adds the open item to the sink.
    Result<void> flush();

private:
    ItemSink* sink_;
    u32 max_size_bytes_;
    bool is_open_ = false;
    btrfs::Key key_;
    ItemBuffer body_;
};

} // namespace btrkit
