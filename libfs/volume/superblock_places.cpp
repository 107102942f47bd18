// SPDX-License-Identifier: MIT
#include "libfs/volume/superblock_places.h"

#include <algorithm>

namespace btrkit {

namespace {

constexpr std::span<const u64> all_offsets = btrfs::superblock_offsets;

/// The offsets, which ascend, of the copies that end at or before `end`.
std::span<const u64> offsets_until(u64 end) {
    return all_offsets.first(static_cast<std::size_t>(
        std::ranges::count_if(all_offsets, [&](u64 offset) { return offset + btrfs::superblock_size <= end; })));
}

} // namespace

std::span<const u64> superblock_offsets_within(u64 size_bytes) {
    return offsets_until(size_bytes);
}

std::span<const u64> kept_superblock_offsets(const btrfs::Superblock& super) {
    const u64 total_bytes = super.dev_item.total_bytes;
    const auto kept = offsets_until(total_bytes - std::min<u64>(total_bytes, 1));
    const bool is_dump = (super.flags & btrfs::super_flags_metadump) != 0;
    return is_dump || kept.empty() ? all_offsets.first(1) : kept;
}

bool touches_superblock(u64 offset, u64 length_bytes) {
    return std::ranges::any_of(
        all_offsets, [&](u64 copy) { return offset < copy + btrfs::superblock_size && copy < offset + length_bytes; });
}

} // namespace btrkit
