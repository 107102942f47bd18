// SPDX-License-Identifier: MIT
// Whoever takes the items of one tree, in key order: a tree that is being built, edits that wait to be merged.
#pragma once

#include "formats/btrfs/key.h"
#include "libfs/base/bytes.h"
#include "libfs/base/error.h"

namespace btrkit {

class ItemSink {
public:
    virtual ~ItemSink() = default;
    ItemSink(const ItemSink&) = delete;
    ItemSink& operator=(const ItemSink&) = delete;

    /// The item's key must be above those of all that came before.
    virtual Result<void> add(const btrfs::Key& key, Bytes data) = 0;

protected:
    ItemSink() = default;
    ItemSink(ItemSink&&) = default;
};

} // namespace btrkit
