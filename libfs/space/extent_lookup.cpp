// SPDX-License-Identifier: MIT
#include "libfs/space/extent_lookup.h"

#include "formats/btrfs/item_types.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

EncodedItem item_at(const TreeSearch& search) {
    return {search.key(), {search.data().begin(), search.data().end()}};
}

/// Moves the search to the extent's own item.
Result<void> seek_extent(TreeSearch& extents, u64 bytenr) {
    BTRKIT_TRY_ASSIGN(const bool is_there, extents.seek({bytenr, type::extent_item, 0}));
    const bool is_extent = is_there && extents.key().objectid == bytenr &&
                           (extents.key().type == type::extent_item || extents.key().type == type::metadata_item);
    if (!is_extent) {
        return fail(ErrorKind::damaged, fmt::format("the extent tree has no extent {}, which is in use", bytenr));
    }
    return {};
}

} // namespace

Result<FoundExtent> find_extent(TreeSearch& extents, u64 bytenr, const Geometry& geometry) {
    BTRKIT_TRY(seek_extent(extents, bytenr));
    FoundExtent found;
    BTRKIT_TRY_ASSIGN(auto reader, ExtentRecordReader::begin(extents.key(), extents.data(), geometry));
    found.items.push_back(item_at(extents));
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool has_next, extents.next());
        if (!has_next || !reader.owns(extents.key())) {
            break;
        }
        BTRKIT_TRY(reader.add(extents.key(), extents.data()));
        found.items.push_back(item_at(extents));
    }
    BTRKIT_TRY_ASSIGN(found.record, std::move(reader).finish());
    return found;
}

Result<ExtentHead> find_extent_head(TreeSearch& extents, u64 bytenr, const Geometry& geometry) {
    BTRKIT_TRY(seek_extent(extents, bytenr));
    const auto extent = parse_extent(extents.key(), extents.data(), geometry);
    if (!extent) {
        return fail(ErrorKind::damaged, fmt::format("extent {}: its item is too short", bytenr));
    }
    return ExtentHead{.ref_count = extent->refs,
                      .is_full_backref = (extent->flags & btrfs::extent_flag_full_backref) != 0};
}

std::vector<ItemEdit> edits_between(std::span<const EncodedItem> before, std::span<const EncodedItem> now) {
    std::vector<ItemEdit> edits;
    auto old = before.begin();
    for (const auto& item : now) {
        for (; old != before.end() && old->key < item.key; ++old) {
            edits.push_back({.key = old->key, .body = std::nullopt});
        }
        const bool is_there = old != before.end() && old->key == item.key;
        if (!is_there || old->body != item.body) {
            edits.push_back({.key = item.key, .body = item.body});
        }
        old += is_there ? 1 : 0;
    }
    for (; old != before.end(); ++old) {
        edits.push_back({.key = old->key, .body = std::nullopt});
    }
    return edits;
}

} // namespace btrkit
