// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/data_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/relocate/sound_extents.h"
#include "libfs/tree/extent_ref.h"

#include <algorithm>

namespace btrkit::defragment {

namespace {

u64 owner_of(const Extent& extent, const btrfs::Key& key, Bytes body) {
    InlineRefs refs(inline_refs_of(extent, key, body));
    const auto first = refs.next(); // an owner stands before all others
    return first && first->type == btrfs::item_type::extent_owner_ref ? first->root : 0;
}

} // namespace

Result<DataExtents> DataExtents::read(const Filesystem& filesystem, const RunContext& context) {
    DataExtents extents;
    BTRKIT_TRY(extents.read_extents(filesystem, context));
    BTRKIT_TRY(extents.read_checksums(filesystem, context));
    return extents;
}

Result<void> DataExtents::read_extents(const Filesystem& filesystem, const RunContext& context) {
    return for_each_extent(filesystem, context, [&](const SoundExtent& found) -> Result<void> {
        if (!found.extent.is_data()) {
            return {};
        }
        if (extents_.size() == none) {
            return fail(ErrorKind::no_space, "there are more than four thousand million extents");
        }
        extents_.push_back({.disk = found.range(),
                            .generation = found.extent.generation,
                            .refs = found.extent.refs,
                            .quota_owner = owner_of(found.extent, found.key, found.body)});
        return {};
    });
}

Result<void> DataExtents::read_checksums(const Filesystem& filesystem, const RunContext& context) {
    const auto& geometry = filesystem.geometry();
    const auto tree = filesystem.find_tree(btrfs::csum_tree_id);
    if (!tree) {
        return tree.error().kind == ErrorKind::not_found ? Result<void>() : std::unexpected(tree.error());
    }
    RangeSet covered;
    ItemRange items(filesystem.reader(), tree->block, btrfs::extent_csum_objectid, btrfs::item_type::extent_csum);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            break;
        }
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        const u64 sectors = items.data().size() / geometry.csum_size_bytes;
        covered.append(range_from(items.key().offset, sectors * geometry.sectorsize));
    }
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
