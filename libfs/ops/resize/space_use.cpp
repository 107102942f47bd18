// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/space_use.h"

#include "formats/btrfs/item_types.h"
#include "libfs/relocate/sound_extents.h"
#include "libfs/txn/may_be_written.h"

#include <fmt/format.h>

namespace btrkit::resize {

namespace {

/// The kernel's: its smallest reserve, in blocks, and its largest.
constexpr u64 least_reserve_blocks = 352;
constexpr u64 most_reserve_bytes = 512 * mib;
/// For transactions that run at once: a dozen of the largest kind, each of which sets aside two blocks a level for
/// every item that it may touch.
constexpr u64 working_blocks = 256;

/// Trees whose size the kernel's reserve follows.
bool is_accounting(u64 tree) {
    return tree == btrfs::root_tree_id || tree == btrfs::extent_tree_id || tree == btrfs::csum_tree_id ||
           tree == btrfs::free_space_tree_id || tree == btrfs::block_group_tree_id;
}

Result<std::vector<DeviceSpace>> read_devices(const Filesystem& filesystem) {
    std::vector<DeviceSpace> devices;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device == nullptr) {
            return fail(ErrorKind::refused, fmt::format("device {} was not given; name it with --member", devid));
        }
        BTRKIT_TRY_ASSIGN(const auto own, read_superblock(*member.device, btrfs::superblock_offsets.front(), 0));
        devices.push_back({.devid = devid, .uuid = member.uuid, .size_bytes = own.super.dev_item.total_bytes});
    }
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        for (const auto& stripe : chunk.stripes) {
            const auto device = std::ranges::find(devices, stripe.devid, &DeviceSpace::devid);
            if (device != devices.end()) {
                device->allocated.insert(range_from(stripe.offset, chunk.stripe_length_bytes()));
            }
        }
    }
    return devices;
}

} // namespace

u64 kernel_reserve_bytes(u64 accounting_bytes, u32 nodesize) {
    return std::clamp(accounting_bytes, least_reserve_blocks * nodesize, most_reserve_bytes) +
           working_blocks * nodesize;
}

Result<SpaceUse> read_space_use(const Filesystem& filesystem, const RunContext& context) {
    SpaceUse use{.nodesize = filesystem.geometry().nodesize};
    BTRKIT_TRY_ASSIGN(use.devices, read_devices(filesystem));
    const auto& chunks = filesystem.volume().chunks();
    const auto& geometry = filesystem.geometry();
    u64 accounting_bytes = 0;
    BTRKIT_TRY(for_each_extent(filesystem, context, [&](const SoundExtent& found) -> Result<void> {
        const Range range = found.range();
        if (found.extent.is_data()) {
            use.data.push_back(range);
            return {};
        }
        use.block_bytes[found.chunk.start.bytenr] += range.length();
        if ((found.chunk.type & btrfs::block_group_data) != 0) {
            use.blocks_among_data.append(range);
        }
        const bool is_system = (found.chunk.type & btrfs::block_group_system) != 0;
        (is_system ? use.system_bytes : use.metadata_bytes) += range.length();
        const auto owner = owner_of_block(found.extent, found.key, found.body);
        accounting_bytes += owner && is_accounting(*owner) ? range.length() : 0;
        return {};
    }));
    use.reserve_bytes = kernel_reserve_bytes(accounting_bytes, geometry.nodesize);
    use.next_start = chunks.chunks().back().start + chunks.chunks().back().length;
    return use;
}

} // namespace btrkit::resize
