// SPDX-License-Identifier: MIT
#include "libfs/txn/new_identity.h"

#include "formats/btrfs/item_types.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit {

namespace type = btrfs::item_type;

void rename_stripes(const NewIdentity& identity, MutableBytes chunk_item) {
    for (std::size_t at = sizeof(btrfs::ChunkItem); at + sizeof(btrfs::StripeItem) <= chunk_item.size();
         at += sizeof(btrfs::StripeItem)) {
        auto* stripe = reinterpret_cast<btrfs::StripeItem*>(chunk_item.data() + at);
        if (const auto found = identity.devices.find(stripe->devid); found != identity.devices.end()) {
            stripe->dev_uuid = found->second;
        }
    }
}

Result<void> rename_devices(const NewIdentity& identity, TreeTable& trees) {
    BTRKIT_TRY_ASSIGN(auto* tree, trees.find(btrfs::chunk_tree_id));
    auto& chunk_tree = tree->buffer;
    auto from = btrfs::Key::min();
    while (true) {
        BTRKIT_TRY_ASSIGN(auto item, chunk_tree.first_from(from));
        if (!item) {
            return {};
        }
        const auto key = item->key;
        if (key.type == type::chunk_item) {
            rename_stripes(identity, item->body);
            chunk_tree.put(key, item->body);
        } else if (key.type == type::dev_item && item->body.size() >= sizeof(btrfs::DevItem)) {
            if (const auto found = identity.devices.find(key.offset); found != identity.devices.end()) {
                reinterpret_cast<btrfs::DevItem*>(item->body.data())->uuid = found->second;
                chunk_tree.put(key, item->body);
            }
        }
        if (key == btrfs::Key::max()) {
            return {};
        }
        from = next_key(key);
    }
}

Result<void> apply_identity(const NewIdentity& identity, btrfs::Superblock& super) {
    if ((super.incompat_flags & btrfs::incompat_metadata_uuid) == 0) {
        super.metadata_uuid = super.fsid;
    }
    super.fsid = identity.fsid;
    const bool is_own = super.fsid == super.metadata_uuid; // it has come back to where it began
    super.incompat_flags = is_own ? super.incompat_flags & ~btrfs::incompat_metadata_uuid
                                  : super.incompat_flags | btrfs::incompat_metadata_uuid;
    if (is_own) {
        super.metadata_uuid = {};
    }
    super.dev_item.uuid = identity.devices.at(super.dev_item.devid);
    const auto before = super;
    auto items = system_chunk_items(before).items;
    std::vector<std::vector<std::byte>> bodies;
    for (auto& item : items) {
        auto& body = bodies.emplace_back(item.body.begin(), item.body.end());
        rename_stripes(identity, body);
        item.body = body;
    }
    return set_system_chunk_items(super, items);
}

} // namespace btrkit
