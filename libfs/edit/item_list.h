// SPDX-License-Identifier: MIT
// The items of a tree that is to be made by a transaction.
#pragma once

#include "libfs/base/byte_arena.h"
#include "libfs/tree/tree_editor.h"

#include <algorithm>
#include <vector>

namespace btrkit {

/// Gathers the items of a tree that is to be made.
class ItemList final : public ItemSink {
public:
    Result<void> add(const btrfs::Key& key, Bytes data) override {
        const auto body = bodies_.take(data.size());
        std::ranges::copy(data, body.begin());
        items_.push_back({.key = key, .body = body});
        return {};
    }
    std::span<const ItemEdit> items() const { return items_; }

private:
    std::vector<ItemEdit> items_;
    ByteArena bodies_;
};

} // namespace btrkit
