// SPDX-License-Identifier: MIT
#include "libfs/txn/chunk_growth.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/volume/chunk_items.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

/// The kernel's: below that size of a filesystem its metadata chunks are smaller.
constexpr u64 large_filesystem_bytes = 50 * gib;

u64 most_chunk_bytes(u64 chunk_type, u64 total_bytes) {
    if ((chunk_type & btrfs::block_group_data) != 0) {
        return 10 * gib;
    }
    if ((chunk_type & btrfs::block_group_system) != 0) {
        return 32 * mib;
    }
    return total_bytes > large_filesystem_bytes ? gib : 256 * mib;
}

} // namespace

/// What the committed device tree has: chunks of this run are in the allocator.
Result<void> ChunkGrowth::load_devices() {
    std::vector<DeviceSpace> devices;
    for (const auto& [devid, member] : volume_->members()) {
        BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
        BTRKIT_TRY_ASSIGN(const auto item, chunk_tree->buffer.find({btrfs::dev_items_objectid, type::dev_item, devid}));
        const auto* stored = item ? view_at<btrfs::DevItem>(item->body) : nullptr;
        if (stored == nullptr) {
            return fail(ErrorKind::damaged, fmt::format("the chunk tree has no device {}; run btrkit-check", devid));
        }
        device_items_[devid] = *stored;
        devices.push_back({.devid = devid,
                           .uuid = member.uuid,
                           .size_bytes = std::min<u64>(stored->total_bytes, member.device->size_bytes())});
        total_bytes_ += devices.back().size_bytes;
        BTRKIT_TRY_ASSIGN(const auto tree, filesystem_->find_tree(btrfs::dev_tree_id));
        ItemRange extents(filesystem_->reader(), tree.block, devid, type::dev_extent);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const bool is_there, extents.next());
            if (!is_there) {
                break;
            }
            if (const auto* extent = view_at<btrfs::DevExtent>(extents.data())) {
                devices.back().allocated.insert(range_from(extents.key().offset, extent->length));
            }
        }
    }
    const auto chunks = volume_->chunks().chunks();
    const Logical end = chunks.empty() ? Logical{reserved_at_device_start} : chunks.back().start + chunks.back().length;
    allocator_.emplace(std::move(devices), end);
    return {};
}

/// That of the youngest chunk of the type: what the user has chosen last. Where there is no data yet, single, as in the
/// kernel.
std::optional<u64> ChunkGrowth::profile_of(u64 chunk_type) const {
    std::optional<u64> flags;
    if (chunk_type == btrfs::block_group_data) {
        flags = chunk_type;
    }
    for (const auto& chunk : volume_->chunks().chunks()) {
        if ((chunk.type & chunk_type) != 0) {
            flags = chunk.type;
        }
    }
    return flags;
}

u64 ChunkGrowth::stripe_bytes(u64 chunk_type) const {
    const u64 most = std::min(most_chunk_bytes(chunk_type, total_bytes_), total_bytes_ / 10);
    const u32 data_stripes = std::max<u32>(allocator_->data_stripes(chunk_type), 1);
    return std::clamp<u64>(round_down(most / data_stripes, btrfs::raid_stripe_length), mib, gib);
}

Result<void> ChunkGrowth::put_items(const Chunk& chunk) {
    BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
    BTRKIT_TRY_ASSIGN(auto* device_tree, trees_->find(btrfs::dev_tree_id));
    auto body = chunk_item(chunk, geometry_->sectorsize);
    if (identity_) {
        rename_stripes(*identity_, body);
    }
    chunk_tree->buffer.put(chunk_key(chunk), std::move(body));
    const auto extent = device_extent(chunk, chunk_tree_uuid_);
    for (const auto& stripe : chunk.stripes) {
        device_tree->buffer.put({stripe.devid, type::dev_extent, stripe.offset}, as_bytes_of(extent));
        // From what was committed and not from the tree: that may be in the midst of taking such an item in.
        auto item = device_items_.at(stripe.devid);
        item.bytes_used = u64{item.bytes_used} + added_bytes(stripe.devid);
        item.uuid = identity_ ? identity_->devices.at(stripe.devid) : item.uuid;
        chunk_tree->buffer.put({btrfs::dev_items_objectid, type::dev_item, stripe.devid}, as_bytes_of(item));
    }
    return {};
}

Result<std::optional<Chunk>> ChunkGrowth::grow(u64 wanted) {
    if (!allocator_) {
        BTRKIT_TRY(load_devices());
    }
    const auto flags = profile_of(wanted);
    if (!flags) {
        return std::nullopt;
    }
    auto chunk = allocator_->allocate(*flags, stripe_bytes(*flags), mib);
    if (!chunk) {
        return std::nullopt;
    }
    if (!volume_->add_chunk(*chunk)) {
        return fail_as_bug("a new chunk overlaps another");
    }
    added_.push_back(*chunk);
    BTRKIT_TRY(put_items(*chunk));
    return chunk;
}

u64 ChunkGrowth::added_bytes(u64 devid) const {
    u64 bytes = 0;
    for (const auto& chunk : added_) {
        for (const auto& stripe : chunk.stripes) {
            bytes += stripe.devid == devid ? chunk.stripe_length_bytes() : 0;
        }
    }
    return bytes;
}

} // namespace btrkit
