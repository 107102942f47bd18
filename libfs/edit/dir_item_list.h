// SPDX-License-Identifier: MIT
// The entries of one item: names of a directory that share a hash, or extended attributes that do.
#pragma once

#include "formats/btrfs/dir.h"
#include "libfs/base/bytes.h"
#include "libfs/base/item_buffer.h"

#include <optional>
#include <string_view>

namespace btrkit {

/// An entry with its name and, of an attribute, its value.
inline std::vector<std::byte> dir_item_of(const btrfs::Key& location, btrfs::FileType type, u64 transid,
                                          std::string_view name, std::string_view value = {}) {
    return ItemBuffer()
        .add(btrfs::DirItem{.location = btrfs::DiskKey::from(location),
                            .transid = transid,
                            .data_len = static_cast<u16>(value.size()),
                            .name_len = static_cast<u16>(name.size()),
                            .type = static_cast<u8>(type)})
        .add_text(name)
        .add_text(value)
        .release();
}

/// The item without the entry of that name; nothing where it has none of that name.
inline std::optional<std::vector<std::byte>> without_dir_item(Bytes item, std::string_view name) {
    std::size_t offset = 0;
    while (const auto* entry = view_at<btrfs::DirItem>(item, offset)) {
        const std::size_t size = sizeof(*entry) + entry->name_len + entry->data_len;
        if (as_text(clipped(item, offset + sizeof(*entry), entry->name_len)) == name) {
            std::vector<std::byte> rest(item.begin(), item.end());
            const auto begin = rest.begin() + static_cast<std::ptrdiff_t>(offset);
            rest.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, item.size() - offset)));
            return rest;
        }
        offset += size;
    }
    return std::nullopt;
}

} // namespace btrkit
