// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/space/device_extents.h"
#include "libfs/volume/chunk_items.h"
#include "libfs/volume/superblock_copies.h"

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

/// What the chunks have of a device.
struct Use {
    u64 bytes = 0;
    u64 end = 0; ///< of the last stripe
};

std::map<u64, Use> use_of_devices(const ChunkMap& chunks) {
    std::map<u64, Use> all;
    for (const auto& chunk : chunks.chunks()) {
        const u64 stripe_bytes = chunk.length / chunk.data_stripes();
        for (const auto& stripe : chunk.stripes) {
            auto& use = all[stripe.devid];
            use.bytes += stripe_bytes;
            use.end = std::max(use.end, stripe.offset + stripe_bytes);
        }
    }
    return all;
}

Result<void> renew_device_extents(Transaction& transaction) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::dev_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, tree->first_from(btrfs::Key::min()));
    while (item) {
        if (item->key.type == type::dev_extent) {
            BTRKIT_TRY(tree->erase(item->key));
        }
        BTRKIT_TRY_ASSIGN(item, tree->first_from({item->key.objectid, item->key.type, item->key.offset + 1}));
    }
    for (const auto& [key, body] : device_extents(transaction)) {
        tree->put(key, as_bytes_of(body));
    }
    return {};
}

bool is_known_to_stripes(const ChunkMap& chunks, const btrfs::DevItem& device) {
    for (const auto& chunk : chunks.chunks()) {
        for (const auto& stripe : chunk.stripes) {
            if (stripe.devid == device.devid && stripe.dev_uuid != device.uuid) {
                return false;
            }
        }
    }
    return true;
}

/// What the superblock of a device says of it, where that is the filesystem's newest.
std::optional<btrfs::DevItem> said_by_device(const Transaction& transaction, const Member& member) {
    if (member.device == nullptr) {
        return std::nullopt;
    }
    Problems unneeded; // opening has told them
    const auto copies = read_superblock_copies(*member.device, unneeded);
    const auto* copy = speaking_copy(copies, member.super_mirror);
    const bool is_of_now = copy != nullptr && copy->super.generation == transaction.committed().super().generation &&
                           copy->super.fsid == transaction.committed().super().fsid;
    return is_of_now && copy->super.dev_item.devid == member.devid ? std::optional(copy->super.dev_item) : std::nullopt;
}

/// The same of a device by its id, where the stripes know it.
std::optional<btrfs::DevItem> said_of(const Transaction& transaction, u64 devid) {
    const auto& members = transaction.committed().volume().members();
    const auto member = members.find(devid);
    const auto said = member == members.end() ? std::nullopt : said_by_device(transaction, member->second);
    return said && is_known_to_stripes(transaction.chunks(), *said) ? said : std::nullopt;
}

Result<void> add_missing_device_items(Transaction& transaction, TreeBuffer& chunk_tree) {
    for (const auto& [devid, member] : transaction.committed().volume().members()) {
        const btrfs::Key key = {btrfs::dev_items_objectid, type::dev_item, devid};
        BTRKIT_TRY_ASSIGN(const auto there, chunk_tree.find(key));
        if (there || devid == replace_target_devid) {
            continue;
        }
        const auto said = said_of(transaction, devid);
        if (!said) {
            return fail(ErrorKind::damaged, fmt::format("nothing else says what device {} is", devid));
        }
        chunk_tree.put(key, as_bytes_of(*said));
    }
    return {};
}

/// The device item, its twin in the device's superblock, and the sums of all of them.
Result<void> renew_device_items(Transaction& transaction) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::chunk_tree_id));
    BTRKIT_TRY(add_missing_device_items(transaction, *tree));
    auto uses = use_of_devices(transaction.chunks());
    std::map<u64, btrfs::DevItem> items;
    u64 total_bytes = 0;
    btrfs::Key from = {btrfs::dev_items_objectid, type::dev_item, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(auto item, tree->first_from(from));
        if (!item || item->key.objectid != from.objectid || item->key.type != from.type) {
            break;
        }
        const auto* stored = view_at<btrfs::DevItem>(item->body);
        if (stored == nullptr || stored->devid != item->key.offset) {
            return fail(ErrorKind::damaged, fmt::format("the item of device {} is not one", item->key.offset));
        }
        auto device = *stored;
        const auto use = uses[device.devid];
        if (use.end > device.total_bytes) {
            device = said_of(transaction, device.devid).value_or(device);
        }
        const u64 whole = round_down(device.total_bytes, transaction.geometry().sectorsize);
        if (use.end > whole) {
            return fail(ErrorKind::damaged, fmt::format("chunks lie beyond the end of device {}", u64{device.devid}));
        }
        device.total_bytes = whole;
        device.bytes_used = use.bytes;
        if (!std::ranges::equal(as_bytes_of(device), as_bytes_of(*stored))) {
            tree->put(item->key, as_bytes_of(device));
        }
        items[device.devid] = device;
        total_bytes += whole;
        from.offset = item->key.offset + 1;
    }
    transaction.edit_superblocks(
        [items, total_bytes, &chunks = transaction.chunks()](btrfs::Superblock& super) -> Result<void> {
            super.total_bytes = total_bytes;
            super.num_devices = items.size();
            if (const auto item = items.find(super.dev_item.devid); item != items.end()) {
                super.dev_item.total_bytes = item->second.total_bytes;
                super.dev_item.bytes_used = item->second.bytes_used;
                if (is_known_to_stripes(chunks, item->second)) {
                    super.dev_item.uuid = item->second.uuid;
                }
            }
            return {};
        });
    return {};
}

} // namespace

std::map<btrfs::Key, btrfs::DevExtent> device_extents(Transaction& transaction) {
    std::map<btrfs::Key, btrfs::DevExtent> extents;
    for (const auto& chunk : transaction.chunks().chunks()) {
        const auto extent = device_extent(chunk, transaction.workspace().chunk_tree_uuid);
        for (const auto& stripe : chunk.stripes) {
            extents.emplace(btrfs::Key{stripe.devid, type::dev_extent, stripe.offset}, extent);
        }
    }
    return extents;
}

Result<void> fix_devices(Transaction& transaction, const FindingList& findings) {
    const bool has_extents = std::ranges::any_of(findings, [](const auto* finding) {
        const auto code = finding->problem.code;
        return code == ProblemCode::dev_extent_missing || code == ProblemCode::dev_extent_unfounded ||
               code == ProblemCode::dev_extent_differs || code == ProblemCode::device_bytes_used ||
               code == ProblemCode::item_dev_extent || finding->problem.place.tree == btrfs::dev_tree_id;
    });
    if (has_extents) {
        BTRKIT_TRY(renew_device_extents(transaction));
    }
    return renew_device_items(transaction);
}

} // namespace btrkit::repair
