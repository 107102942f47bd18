// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/telling_keys.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"

namespace btrkit::repair {

namespace type = btrfs::item_type;

std::optional<Block> with_right_hash(Block leaf) {
    const BlockView view(leaf);
    std::optional<u32> wrong;
    u64 hash = 0;
    for (u32 slot = 0; slot < view.count(); ++slot) {
        const auto key = view.key(slot);
        const bool has_hash = key.type == type::dir_item || key.type == type::xattr_item;
        const auto* entry = has_hash ? view_at<btrfs::DirItem>(view.item_data(slot)) : nullptr;
        if (entry == nullptr) {
            continue;
        }
        const Bytes name = clipped(view.item_data(slot), sizeof(btrfs::DirItem), entry->name_len);
        if (name_hash(name) != key.offset) {
            if (wrong) {
                return std::nullopt;
            }
            wrong = slot;
            hash = name_hash(name);
        }
    }
    if (!wrong) {
        return std::nullopt;
    }
    items_of(leaf)[*wrong].key.offset = hash;
    return leaf;
}

std::optional<Block> with_right_chunk_key(Block leaf, const Volume& volume) {
    const BlockView view(leaf);
    unsigned count = 0;
    for (u32 slot = 0; view.is_leaf() && slot < view.count(); ++slot) {
        auto key = view.key(slot);
        if (key.type == type::chunk_item) {
            key.objectid = btrfs::first_chunk_tree_objectid;
        } else if (const auto* device = view_at<btrfs::DevItem>(view.item_data(slot));
                   key.type == type::dev_item && device != nullptr && volume.members().contains(device->devid)) {
            key.objectid = btrfs::dev_items_objectid;
            key.offset = device->devid;
        }
        if (key != view.key(slot)) {
            auto& stored = items_of(leaf)[slot].key;
            stored.objectid = key.objectid;
            stored.offset = key.offset;
            ++count;
        }
    }
    return count == 1 ? std::optional(std::move(leaf)) : std::nullopt;
}

} // namespace btrkit::repair
