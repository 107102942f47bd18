// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/data_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/space/extent_item.h"
#include "libfs/space/free_space.h"
#include "libfs/tree/extent_ref.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::defragment {

namespace {

u64 owner_of(const Extent& extent, const btrfs::Key& key, Bytes body) {
    InlineRefs refs(inline_refs_of(extent, key, body));
    const auto first = refs.next(); // an owner stands before all others
    return first && first->type == btrfs::item_type::extent_owner_ref ? first->root : 0;
}

/// Calls visit(key, body) for all items of a tree; nothing happens where there is no such tree.
template <class Visit>
Result<void> for_each_item(const Filesystem& filesystem, u64 tree_id, const RunContext& context, Visit visit) {
    const auto tree = filesystem.find_tree(tree_id);
    if (!tree) {
        return tree.error().kind == ErrorKind::not_found ? Result<void>() : std::unexpected(tree.error());
    }
    ItemRange items(filesystem.reader(), tree->block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return {};
        }
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY(visit(items.key(), items.data()));
    }
}

} // namespace

Result<DataExtents> DataExtents::read(const Filesystem& filesystem, const RunContext& context) {
    DataExtents extents;
    BTRKIT_TRY(extents.read_extents(filesystem, context));
    BTRKIT_TRY(extents.read_checksums(filesystem, context));
    return extents;
}

Result<void> DataExtents::read_extents(const Filesystem& filesystem, const RunContext& context) {
    const auto& chunks = filesystem.volume().chunks();
    return for_each_item(filesystem, btrfs::extent_tree_id, context, [&](const auto& key, Bytes body) -> Result<void> {
        const auto extent = parse_extent(key, body, filesystem.geometry());
        if (!extent || !extent->is_data()) {
            return {};
        }
        const Range range = range_from(extent->bytenr, extent->length_bytes);
        const Chunk* chunk = chunks.find({range.start});
        if (chunk == nullptr || range.end > range_of(*chunk).end ||
            (!extents_.empty() && range.start < extents_.back().disk.end)) {
            return fail(
                ErrorKind::damaged,
                fmt::format("extent {} overlaps another or lies in no block group; run btrkit-check", range.start));
        }
        if (extents_.size() == none) {
            return fail(ErrorKind::no_space, "there are more than four thousand million extents");
        }
        extents_.push_back({.disk = range,
                            .generation = extent->generation,
                            .refs = extent->refs,
                            .quota_owner = owner_of(*extent, key, body)});
        return {};
    });
}

Result<void> DataExtents::read_checksums(const Filesystem& filesystem, const RunContext& context) {
    const auto& geometry = filesystem.geometry();
    RangeSet covered;
    BTRKIT_TRY(
        for_each_item(filesystem, btrfs::csum_tree_id, context, [&](const auto& key, Bytes body) -> Result<void> {
            if (key.type == btrfs::item_type::extent_csum) {
                covered.append(range_from(key.offset, body.size() / geometry.csum_size_bytes * geometry.sectorsize));
            }
            return {};
        }));
    for (auto& extent : extents_) {
        extent.checksums = covered.covers(extent.disk)       ? Covered::all
                           : covered.intersects(extent.disk) ? Covered::some
                                                             : Covered::none;
    }
    return {};
}

u32 DataExtents::find(u64 bytenr) const {
    const auto found =
        std::ranges::lower_bound(extents_, bytenr, {}, [](const DataExtent& extent) { return extent.disk.start; });
    return found == extents_.end() || found->disk.start != bytenr ? none : static_cast<u32>(found - extents_.begin());
}

void DataExtents::note(u32 number, const StoredExtent& item) {
    auto& extent = extents_[number];
    const u64 plain_bytes = item.head.ram_bytes;
    const auto compression = static_cast<btrfs::Compression>(item.head.compression);
    const bool is_same = extent.seen_refs == 0 || (extent.compression == compression &&
                                                   (extent.plain_bytes == plain_bytes || !item.is_compressed()));
    const bool is_in_bounds =
        item.range.num_bytes > 0 &&
        u64{item.range.offset} + item.range.num_bytes <= (item.is_compressed() ? plain_bytes : extent.disk.length());
    ++extent.seen_refs;
    extent.item_generation = std::max<u64>(extent.item_generation, item.head.generation);
    extent.compression = compression;
    extent.plain_bytes = item.is_compressed() ? plain_bytes : extent.disk.length();
    extent.is_odd = extent.is_odd || !is_same || !is_in_bounds || !item.is_written() || item.head.encryption != 0 ||
                    item.head.other_encoding != 0 || item.range.disk_num_bytes != extent.disk.length();
}

} // namespace btrkit::defragment
