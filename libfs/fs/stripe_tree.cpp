// SPDX-License-Identifier: MIT
#include "libfs/fs/stripe_tree.h"

#include "formats/btrfs/item_types.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Items are cut at chunk borders and data extents are 128 MiB at most: none begins further before an address.
constexpr u64 longest_item_bytes = u64{128} * 1024 * 1024;

} // namespace

bool uses_stripe_tree(const Chunk& chunk) {
    const auto& profile = chunk.profile();
    return (chunk.type & btrfs::block_group_data) != 0 && profile.flag != 0 && profile.parity == 0;
}

Result<DataRun> StripeTree::find(Logical at, u64 length, unsigned mirror) const {
    Cursor cursor(*reader_, root_);
    const u64 first = at.bytenr - std::min(at.bytenr, longest_item_bytes);
    for (bool there = cursor.seek({first, btrfs::item_type::raid_stripe, 0});
         there && cursor.key().objectid <= at.bytenr; there = cursor.next()) {
        const auto key = cursor.key();
        if (key.type != btrfs::item_type::raid_stripe || at.bytenr - key.objectid >= key.offset) {
            continue;
        }
        const auto* stride =
            mirror == 0 ? nullptr : view_at<btrfs::RaidStride>(cursor.data(), (mirror - 1) * sizeof(btrfs::RaidStride));
        if (stride == nullptr) {
            return fail(ErrorKind::not_found,
                        fmt::format("raid stripe item of {} has no mirror {}", at.bytenr, mirror));
        }
        const u64 into_item = at.bytenr - key.objectid;
        return DataRun{.place = {.devid = stride->devid, .offset = stride->physical + into_item},
                       .length = std::min(length, key.offset - into_item)};
    }
    if (!cursor.damage().empty()) {
        return fail(ErrorKind::damaged, describe(cursor.damage().back()));
    }
    return fail(ErrorKind::not_found, fmt::format("no raid stripe item holds {}", at.bytenr));
}

Result<std::optional<std::pair<Logical, unsigned>>> StripeTree::find_place(const Chunk& chunk, Physical place) const {
    Cursor cursor(*reader_, root_);
    for (bool there = cursor.seek({chunk.start.bytenr, btrfs::item_type::raid_stripe, 0});
         there && chunk.contains({cursor.key().objectid}); there = cursor.next()) {
        const auto key = cursor.key();
        const std::size_t count =
            key.type == btrfs::item_type::raid_stripe ? cursor.data().size() / sizeof(btrfs::RaidStride) : 0;
        for (std::size_t i = 0; i < count; ++i) {
            const auto& stride = *view_at<btrfs::RaidStride>(cursor.data(), i * sizeof(btrfs::RaidStride));
            if (stride.devid == place.devid && place.offset >= stride.physical &&
                place.offset - stride.physical < key.offset) {
                return std::pair(Logical{key.objectid} + (place.offset - stride.physical),
                                 static_cast<unsigned>(i + 1));
            }
        }
    }
    if (cursor.missed_items()) {
        return fail(ErrorKind::damaged, describe(cursor.damage().back()));
    }
    return std::nullopt;
}

} // namespace btrkit
