// SPDX-License-Identifier: MIT
// The entries of a DIR_ITEM or DIR_INDEX, some of them.
#pragma once

#include "libfs/fs/name_items.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit::repair {

/// Those of the item that is_wanted(NameRecord, const btrfs::DirItem*), without what is cut off.
template <class IsWanted>
std::vector<std::byte> entries_that(const BufferedItem& item, IsWanted&& is_wanted) {
    std::vector<std::byte> kept;
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        if (is_wanted(record, entry)) {
            const auto* begin = reinterpret_cast<const std::byte*>(entry);
            kept.insert(kept.end(), begin, begin + sizeof(*entry) + entry->name_len + entry->data_len);
        }
    });
    return kept;
}

} // namespace btrkit::repair
