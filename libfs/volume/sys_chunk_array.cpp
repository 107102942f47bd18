// SPDX-License-Identifier: MIT
#include "libfs/volume/sys_chunk_array.h"

#include "formats/btrfs/chunk.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Why no chunk item begins with bytes; empty if one does.
std::string damage_at_front(const btrfs::Key& key, Bytes bytes) {
    if (key.type != btrfs::item_type::chunk_item) {
        return fmt::format("has key {}, which is no chunk's", key_text(key));
    }
    const auto* chunk = view_at<btrfs::ChunkItem>(bytes);
    if (chunk == nullptr) {
        return "is cut off";
    }
    const u16 stripes = chunk->num_stripes;
    if (stripes == 0) {
        return "has num_stripes 0";
    }
    if (btrfs::chunk_item_size(stripes) > bytes.size()) {
        return fmt::format("has num_stripes {} and needs {} bytes, but {} are left", stripes,
                           btrfs::chunk_item_size(stripes), bytes.size());
    }
    return {};
}

} // namespace

SystemChunkItems system_chunk_items(const btrfs::Superblock& super) {
    SystemChunkItems array;
    const u32 size = super.sys_chunk_array_size;
    if (size > super.sys_chunk_array.size()) {
        array.damage = fmt::format("its size is {}, but it has room for {}", size, super.sys_chunk_array.size());
        return array;
    }
    Bytes rest = std::as_bytes(std::span(super.sys_chunk_array)).first(size);
    while (!rest.empty()) {
        const auto number = array.items.size();
        const auto* key = view_at<btrfs::DiskKey>(rest);
        if (key == nullptr) {
            array.damage = fmt::format("item {}: its key is cut off", number);
            return array;
        }
        array.items.push_back({key->to_key(), {}});
        rest = rest.subspan(sizeof(btrfs::DiskKey));
        if (const auto damage = damage_at_front(key->to_key(), rest); !damage.empty()) {
            array.damage = fmt::format("item {} {}", number, damage);
            return array;
        }
        const auto length = btrfs::chunk_item_size(view_at<btrfs::ChunkItem>(rest)->num_stripes);
        array.items.back().body = rest.first(length);
        rest = rest.subspan(length);
    }
    return array;
}

Result<void> set_system_chunk_items(btrfs::Superblock& super, std::span<const SystemChunkItem> items) {
    std::array<btrfs::u8, btrfs::sys_chunk_array_size> array{};
    std::size_t used = 0;
    for (const auto& item : items) {
        const auto key = btrfs::DiskKey::from(item.key);
        if (array.size() - used < sizeof(key) + item.body.size()) {
            return fail(ErrorKind::no_space, fmt::format("{} system chunks don't fit into the superblock's {} bytes",
                                                         items.size(), array.size()));
        }
        const auto room = std::as_writable_bytes(std::span(array)).subspan(used);
        std::ranges::copy(as_bytes_of(key), room.begin());
        std::ranges::copy(item.body, room.subspan(sizeof(key)).begin());
        used += sizeof(key) + item.body.size();
    }
    super.sys_chunk_array = array;
    super.sys_chunk_array_size = static_cast<u32>(used);
    return {};
}

} // namespace btrkit
