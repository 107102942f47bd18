// SPDX-License-Identifier: MIT
#include "tests/support/volume_image.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>
#include <stdexcept>

namespace btrkit::test {

namespace {

constexpr u64 unit = 65536;
constexpr u64 first_physical = u64{128} << 10;
constexpr u64 system_length = u64{64} << 10;

using Unit = std::vector<std::byte>;

/// The content from an address on, zeros behind the end of the chunk.
Unit content_unit(const Chunk& chunk, u64 offset) {
    Unit bytes(unit);
    for (u64 i = 0; i < unit && offset + i < chunk.length; ++i) {
        bytes[i] = content_at(chunk.start + (offset + i));
    }
    return bytes;
}

/// Bit by bit, to share nothing with the code under test.
std::byte times(unsigned left, unsigned right) {
    unsigned product = 0;
    for (; right != 0; right >>= 1) {
        product ^= (right & 1) != 0 ? left : 0;
        left <<= 1;
        left ^= (left & 0x100) != 0 ? 0x11d : 0;
    }
    return static_cast<std::byte>(product);
}

void add_times(Unit& sum, const Unit& bytes, unsigned factor) {
    for (u64 i = 0; i < unit; ++i) {
        sum[i] ^= times(std::to_integer<unsigned>(bytes[i]), factor);
    }
}

} // namespace

btrfs::Uuid uuid_of(u8 number) {
    btrfs::Uuid uuid;
    uuid.bytes.fill(number);
    return uuid;
}

btrfs::Superblock superblock_of(u64 devid, u64 device_bytes) {
    auto super = sample_superblock();
    super.total_bytes = device_bytes;
    super.dev_item.devid = devid;
    super.dev_item.total_bytes = device_bytes;
    super.dev_item.uuid = uuid_of(static_cast<u8>(devid));
    super.sys_chunk_array = {};
    super.sys_chunk_array_size = 0;
    seal(super);
    return super;
}

void put_superblock(SparseBytes& device, const btrfs::Superblock& super) {
    device.write(super.bytenr, as_bytes_of(super));
}

std::vector<std::byte> chunk_item(const Chunk& chunk) {
    btrfs::ChunkItem item;
    item.length = chunk.length;
    item.owner = btrfs::extent_tree_id;
    item.stripe_len = unit;
    item.type = chunk.type;
    item.io_align = unit;
    item.io_width = unit;
    item.sector_size = 4096;
    item.num_stripes = static_cast<u16>(chunk.stripes.size());
    item.sub_stripes = static_cast<u16>(chunk.sub_stripes);
    std::vector<std::byte> bytes;
    std::ranges::copy(as_bytes_of(item), std::back_inserter(bytes));
    for (const Stripe& stripe : chunk.stripes) {
        const btrfs::StripeItem stored{stripe.devid, stripe.offset, stripe.dev_uuid};
        std::ranges::copy(as_bytes_of(stored), std::back_inserter(bytes));
    }
    return bytes;
}

void append_system_chunk(btrfs::Superblock& super, const Chunk& chunk) {
    const auto key =
        btrfs::DiskKey::from({btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, chunk.start.bytenr});
    const auto append = [&](Bytes bytes) {
        const auto room = std::as_writable_bytes(std::span(super.sys_chunk_array)).subspan(super.sys_chunk_array_size);
        std::ranges::copy(bytes, room.first(bytes.size()).begin());
        super.sys_chunk_array_size = super.sys_chunk_array_size + static_cast<u32>(bytes.size());
    };
    append(as_bytes_of(key));
    append(chunk_item(chunk));
}

std::byte content_at(Logical at) {
    u64 mixed = at.bytenr / 8 * 0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d;
    mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9;
    return static_cast<std::byte>((mixed >> (at.bytenr % 8 * 8)) & 0xff);
}

bool is_content(Logical at, Bytes bytes) {
    for (u64 i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != content_at(at + i)) {
            return false;
        }
    }
    return true;
}

VolumeImage::VolumeImage(unsigned count, u64 device_bytes) {
    for (u64 devid = 1; devid <= count; ++devid) {
        supers_[devid] = superblock_of(devid, device_bytes);
        supers_[devid].num_devices = count;
        devices_[devid] = SparseBytes(device_bytes);
        next_physical_[devid] = first_physical + devid * unit; // differs, so that mixing them up shows
    }
    const Chunk system = add_chunk(btrfs::block_group_system, system_length, {1});
    for (auto& [devid, super] : supers_) {
        append_system_chunk(super, system);
    }
}

const Chunk& VolumeImage::add_chunk(u64 type, u64 length, const std::vector<u64>& devids) {
    Chunk chunk{.start = {next_logical_}, .length = length, .type = type, .sub_stripes = 0, .stripes = {}};
    chunk.sub_stripes = chunk.profile().sub_stripes;
    for (const u64 devid : devids) {
        chunk.stripes.push_back({devid, 0, supers_.at(devid).dev_item.uuid});
    }
    for (Stripe& stripe : chunk.stripes) {
        stripe.offset = next_physical_.at(stripe.devid);
        next_physical_[stripe.devid] += chunk.stripe_length_bytes();
        if (next_physical_[stripe.devid] > devices_.at(stripe.devid).size()) {
            throw std::length_error("the device is too small for the chunk");
        }
    }
    next_logical_ += length;
    fill(chunk);
    return chunks_.emplace_back(std::move(chunk));
}

void VolumeImage::write(const Chunk& chunk, u32 stripe, u64 offset, Bytes bytes) {
    const auto& [devid, start, uuid] = chunk.stripes[stripe];
    const u64 end = std::min(offset + bytes.size(), chunk.stripe_length_bytes());
    devices_.at(devid).write(start + offset, bytes.first(end - offset));
}

void VolumeImage::fill(const Chunk& chunk) {
    if ((chunk.type & btrfs::block_group_raid56_mask) != 0) {
        fill_parity_rows(chunk);
        return;
    }
    const bool striped = (chunk.type & (btrfs::block_group_raid0 | btrfs::block_group_raid10)) != 0;
    const u32 copies = chunk.profile().copies;
    const u64 columns = striped ? chunk.stripes.size() / copies : 1;
    for (u64 number = 0; number * unit < chunk.length; ++number) {
        for (u32 copy = 0; copy < copies; ++copy) {
            write(chunk, static_cast<u32>(number % columns) * copies + copy, number / columns * unit,
                  content_unit(chunk, number * unit));
        }
    }
}

void VolumeImage::fill_parity_rows(const Chunk& chunk) {
    std::vector<u32> order(chunk.stripes.size());
    for (u32 i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    const bool has_q = (chunk.type & btrfs::block_group_raid6) != 0;
    const u32 data_count = static_cast<u32>(order.size()) - (has_q ? 2 : 1);
    u64 offset = 0;
    for (u64 row = 0; offset < chunk.length; ++row) {
        Unit p(unit);
        Unit q(unit);
        unsigned factor = 1;
        for (u32 i = 0; i < data_count; ++i) {
            const Unit data = content_unit(chunk, offset);
            add_times(p, data, 1);
            add_times(q, data, factor);
            factor = std::to_integer<unsigned>(times(factor, 2));
            write(chunk, order[i], row * unit, data);
            offset += unit;
        }
        write(chunk, order[data_count], row * unit, p);
        if (has_q) {
            write(chunk, order[data_count + 1], row * unit, q);
        }
        std::ranges::rotate(order, order.begin() + 1);
    }
}

std::unique_ptr<BlockDevice> VolumeImage::device(u64 devid) {
    auto super = supers_.at(devid);
    seal(super);
    auto bytes = devices_.at(devid);
    put_superblock(bytes, super);
    return std::make_unique<MemoryDevice>("dev" + std::to_string(devid), std::move(bytes));
}

std::vector<std::unique_ptr<BlockDevice>> VolumeImage::all_devices() {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const auto& [devid, super] : supers_) {
        devices.push_back(device(devid));
    }
    return devices;
}

Volume VolumeImage::open(std::vector<std::unique_ptr<BlockDevice>> devices, Problems& problems) const {
    auto volume = Volume::open(std::move(devices), {}, [&](const Problem& problem) { problems.push_back(problem); });
    if (!volume) {
        throw std::runtime_error(volume.error().message);
    }
    for (const Chunk& chunk : chunks_) {
        if (!volume->add_chunk(chunk)) {
            throw std::runtime_error("chunks overlap");
        }
    }
    return std::move(*volume);
}

} // namespace btrkit::test
