// SPDX-License-Identifier: MIT
#include "libfs/replay/logged_csums.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/csum_items.h"

namespace btrkit::replay {

namespace {

namespace type = btrfs::item_type;

btrfs::Key csum_key(u64 bytenr) {
    return {btrfs::extent_csum_objectid, type::extent_csum, bytenr};
}

/// The sectors of an item of checksums.
Range sectors_of(const BufferedItem& item, const Geometry& geometry) {
    return range_from(item.key.offset, u64{item.body.size() / geometry.csum_size_bytes} * geometry.sectorsize);
}

bool is_csum(const std::optional<BufferedItem>& item) {
    return item && item->key.objectid == btrfs::extent_csum_objectid && item->key.type == type::extent_csum;
}

/// Calls visit(item, its sectors within the bytes) for each item of a tree, or a log, that has some of them. visit
/// returns Result<void>.
template <class Tree, class Visit>
Result<void> for_each_csum_item(Tree& tree, const Geometry& geometry, Range bytes, Visit visit) {
    BTRKIT_TRY_ASSIGN(auto item, tree.last_up_to(csum_key(bytes.start)));
    if (!is_csum(item)) {
        BTRKIT_TRY_ASSIGN(item, tree.first_from(csum_key(bytes.start)));
    }
    while (is_csum(item) && item->key.offset < bytes.end) {
        const Range sectors = sectors_of(*item, geometry);
        const Range common = {std::max(sectors.start, bytes.start), std::min(sectors.end, bytes.end)};
        if (common.start < common.end) {
            BTRKIT_TRY(visit(*item, common));
        }
        BTRKIT_TRY_ASSIGN(item, tree.first_from(btrfs::next_key(item->key)));
    }
    return {};
}

} // namespace

Result<void> put_logged_csums(LogTree& log, TreeBuffer& csum_tree, const Geometry& geometry, Range bytes) {
    RangeSet known;
    BTRKIT_TRY(for_each_csum_item(csum_tree, geometry, bytes, [&](const BufferedItem&, Range sectors) -> Result<void> {
        known.insert(sectors);
        return {};
    }));
    return for_each_csum_item(log, geometry, bytes, [&](const BufferedItem& item, Range sectors) -> Result<void> {
        // Items of a log may overlap.
        for (auto gap = known.first_gap(sectors); gap; gap = known.first_gap({gap->end, sectors.end})) {
            const std::size_t first = (gap->start - item.key.offset) / geometry.sectorsize * geometry.csum_size_bytes;
            const std::size_t size = gap->length() / geometry.sectorsize * geometry.csum_size_bytes;
            BTRKIT_TRY(add_csums(csum_tree, geometry, {gap->start}, Bytes(item.body).subspan(first, size)));
        }
        known.insert(sectors);
        return {};
    });
}

} // namespace btrkit::replay
