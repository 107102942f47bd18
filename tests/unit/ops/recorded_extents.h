// SPDX-License-Identifier: MIT
// All extents that the extent tree has, with all references to them.
#pragma once

#include "libfs/fs/item_range.h"
#include "libfs/space/extent_lookup.h"
#include "tests/unit/ops/transaction_bench.h"

namespace btrkit::test {

/// Calls visit(items, record) for each; items stands at its item.
template <class Visit>
void for_each_extent(const Filesystem& filesystem, Visit&& visit) {
    BlockCache cache(filesystem.reader(), mib);
    const auto tree = must(filesystem.find_tree(btrfs::extent_tree_id)).block;
    TreeSearch extents(cache, tree);
    ItemRange items(filesystem.reader(), tree, KeyRange{});
    while (must(items.next())) {
        if (const auto extent = parse_extent(items.key(), items.data(), filesystem.geometry())) {
            visit(items, must(find_extent(extents, extent->bytenr, filesystem.geometry())).record);
        }
    }
}

} // namespace btrkit::test
