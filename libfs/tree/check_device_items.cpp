// SPDX-License-Identifier: MIT
// CHUNK_ITEM, DEV_ITEM, DEV_EXTENT and RAID_STRIPE.
#include "libfs/tree/item_check_context.h"
#include "libfs/volume/chunk_map.h"

namespace btrkit {

void check_chunk_item(const ItemCheck& item) {
    for (auto& problem : check_chunk(item.key(), item.data(), item.geometry())) {
        item.adopt(std::move(problem));
    }
}

void check_device(const ItemCheck& item) {
    constexpr auto code = ProblemCode::item_dev;
    const auto& device = item.body<btrfs::DevItem>();
    if (item.key().objectid != btrfs::dev_items_objectid) {
        item.report(code, "key objectid {} instead of {}", item.key().objectid, btrfs::dev_items_objectid);
    }
    if (device.devid != item.key().offset) {
        item.report(code, "devid {}, but the key says {}", u64{device.devid}, item.key().offset);
    }
    if (device.bytes_used > device.total_bytes) {
        item.report(code, "bytes_used {}, but the device has {}", u64{device.bytes_used}, u64{device.total_bytes});
    }
}

void check_dev_extent(const ItemCheck& item) {
    constexpr auto code = ProblemCode::item_dev_extent;
    const auto& extent = item.body<btrfs::DevExtent>();
    if (extent.chunk_tree != btrfs::chunk_tree_id) {
        item.report(code, "chunk_tree {} instead of {}", u64{extent.chunk_tree}, btrfs::chunk_tree_id);
    }
    if (extent.chunk_objectid != btrfs::first_chunk_tree_objectid) {
        item.report(code, "chunk_objectid {} instead of {}", u64{extent.chunk_objectid},
                    btrfs::first_chunk_tree_objectid);
    }
    item.expect_aligned(code, "physical offset", item.key().offset);
    item.expect_aligned(code, "chunk_offset", extent.chunk_offset);
    item.expect_aligned(code, "length", extent.length);
    if (extent.length == 0) {
        item.report(code, "length 0");
    }
    const auto previous = item.previous_of_type(btrfs::item_type::dev_extent);
    if (!previous || previous->objectid != item.key().objectid) {
        return;
    }
    const auto* before = view_at<btrfs::DevExtent>(item.previous_data());
    const auto end = before != nullptr ? end_of(previous->offset, before->length) : std::nullopt;
    if (end && *end > item.key().offset) {
        item.report(ProblemCode::item_dev_extent_overlap, "begins at {}, but the extent before it ends at {}",
                    item.key().offset, *end);
    }
}

void check_raid_stripe(const ItemCheck& item) {
    item.expect_aligned(ProblemCode::item_raid_stripe, "address", item.key().objectid);
    if (!item.geometry().has_incompat(btrfs::incompat_raid_stripe_tree)) {
        item.report(ProblemCode::item_raid_stripe, "the filesystem has no raid stripe tree");
    }
}

} // namespace btrkit
