// SPDX-License-Identifier: MIT
#include "libfs/txn/chunk_growth.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/txn/new_superblock.h"
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
    if (allocator_) {
        return {};
    }
    std::vector<DeviceSpace> devices;
    for (const auto& [devid, member] : volume_->members()) {
        BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
        BTRKIT_TRY_ASSIGN(const auto item, chunk_tree->buffer.find({btrfs::dev_items_objectid, type::dev_item, devid}));
        const auto* stored = item ? view_at<btrfs::DevItem>(item->body) : nullptr;
        if (stored == nullptr) {
            return fail(ErrorKind::damaged, fmt::format("the chunk tree has no device {}; run btrkit-check", devid));
        }
        device_items_[devid] = *stored;
        const u64 total_bytes = device_item_now(devid).total_bytes;
        devices.push_back({.devid = devid,
                           .uuid = member.uuid,
                           .size_bytes = std::min<u64>(total_bytes, member.device->size_bytes())});
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

void ChunkGrowth::note_stripes(const Chunk& chunk, std::int64_t sign) {
    for (const auto& stripe : chunk.stripes) {
        use_change_[stripe.devid] += sign * static_cast<std::int64_t>(chunk.stripe_length_bytes());
    }
}

/// From what was committed and not from the tree: that may be in the midst of taking such an item in.
btrfs::DevItem ChunkGrowth::device_item_now(u64 devid) const {
    auto item = device_items_.at(devid);
    if (const auto change = use_change_.find(devid); change != use_change_.end()) {
        item.bytes_used = u64{item.bytes_used} + static_cast<u64>(change->second);
    }
    if (const auto resized = new_device_bytes_.find(devid); resized != new_device_bytes_.end()) {
        item.total_bytes = resized->second;
    }
    item.uuid = identity_ ? identity_->devices.at(devid) : item.uuid;
    return item;
}

Result<void> ChunkGrowth::put_device_items(std::span<const Stripe> stripes) {
    BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
    for (const auto& stripe : stripes) {
        chunk_tree->buffer.put({btrfs::dev_items_objectid, type::dev_item, stripe.devid},
                               as_bytes_of(device_item_now(stripe.devid)));
    }
    return {};
}

Result<void> ChunkGrowth::put_resized_devices() {
    BTRKIT_TRY(load_devices());
    BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
    for (const auto& [devid, total_bytes] : new_device_bytes_) {
        chunk_tree->buffer.put({btrfs::dev_items_objectid, type::dev_item, devid}, as_bytes_of(device_item_now(devid)));
    }
    return {};
}

Result<void> ChunkGrowth::put_device_extents(const Chunk& chunk) {
    BTRKIT_TRY_ASSIGN(auto* device_tree, trees_->find(btrfs::dev_tree_id));
    const auto extent = device_extent(chunk, chunk_tree_uuid_);
    for (const auto& stripe : chunk.stripes) {
        device_tree->buffer.put({stripe.devid, type::dev_extent, stripe.offset}, as_bytes_of(extent));
    }
    return {};
}

Result<void> ChunkGrowth::take_in(const Chunk& chunk) {
    if (!volume_->add_chunk(chunk)) {
        return fail_as_bug("a new chunk overlaps another");
    }
    added_.push_back(chunk);
    note_stripes(chunk, 1);
    BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
    auto body = chunk_item(chunk, geometry_->sectorsize);
    if (identity_) {
        rename_stripes(*identity_, body);
    }
    chunk_tree->buffer.put(chunk_key(chunk), body);
    BTRKIT_TRY(put_device_extents(chunk));
    return put_device_items(chunk.stripes);
}

Result<void> ChunkGrowth::add(const Chunk& chunk) {
    BTRKIT_TRY(load_devices());
    allocator_->claim(chunk);
    return take_in(chunk);
}

Result<void> ChunkGrowth::cut(const Chunk& chunk, const std::optional<Chunk>& left) {
    BTRKIT_TRY(load_devices());
    BTRKIT_TRY_ASSIGN(auto* chunk_tree, trees_->find(btrfs::chunk_tree_id));
    BTRKIT_TRY_ASSIGN(auto* device_tree, trees_->find(btrfs::dev_tree_id));
    BTRKIT_TRY_ASSIGN(bool was_there, chunk_tree->buffer.erase(chunk_key(chunk)));
    for (const auto& stripe : chunk.stripes) {
        BTRKIT_TRY_ASSIGN(const bool has_extent,
                          device_tree->buffer.erase({stripe.devid, type::dev_extent, stripe.offset}));
        was_there = was_there && has_extent;
    }
    if (!was_there) {
        return fail(ErrorKind::damaged,
                    fmt::format("chunk {} lacks items that describe it; run btrkit-check", chunk.start.bytenr));
    }
    note_stripes(chunk, -1);
    if (left) {
        note_stripes(*left, 1);
        chunk_tree->buffer.put(chunk_key(*left), chunk_item(*left, geometry_->sectorsize));
        BTRKIT_TRY(put_device_extents(*left));
    }
    cut_[chunk.start.bytenr] = left;
    return put_device_items(chunk.stripes);
}

Result<std::optional<Chunk>> ChunkGrowth::grow(u64 wanted) {
    BTRKIT_TRY(load_devices());
    const auto flags = profile_of(wanted);
    if (!flags) {
        return std::nullopt;
    }
    auto chunk = allocator_->allocate(*flags, stripe_bytes(*flags), mib);
    if (!chunk) {
        return std::nullopt;
    }
    BTRKIT_TRY(take_in(*chunk));
    return chunk;
}

Result<void> ChunkGrowth::renew(btrfs::Superblock& super) const {
    if (const auto change = use_change_.find(super.dev_item.devid); change != use_change_.end()) {
        super.dev_item.bytes_used = u64{super.dev_item.bytes_used} + static_cast<u64>(change->second);
    }
    for (const auto& [devid, total_bytes] : new_device_bytes_) {
        super.total_bytes = u64{super.total_bytes} + total_bytes - device_items_.at(devid).total_bytes;
        if (super.dev_item.devid == devid) {
            super.dev_item.total_bytes = total_bytes;
        }
    }
    return renew_system_chunks(super, cut_, added_);
}

} // namespace btrkit
