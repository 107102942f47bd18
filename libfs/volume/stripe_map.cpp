// SPDX-License-Identifier: MIT
#include "libfs/volume/stripe_map.h"

#include <algorithm>
#include <cassert>

namespace btrkit {

namespace {

/// Where an address is in its chunk, in units of rows of 64 KiB stripes.
struct Coordinates {
    u64 row = 0;
    u32 position = 0; ///< data position in the row
    u64 offset = 0;   ///< in the stripe of that row
};

Coordinates coordinates_of(const Chunk& chunk, Logical at) {
    const u64 offset_in_chunk = at.bytenr - chunk.start.bytenr;
    const u64 number = offset_in_chunk / btrfs::raid_stripe_length;
    const u32 data_count = chunk.data_stripes();
    return {number / data_count, static_cast<u32>(number % data_count), offset_in_chunk % btrfs::raid_stripe_length};
}

u64 offset_in_stripe(const Coordinates& at) {
    return at.row * btrfs::raid_stripe_length + at.offset;
}

/// raid5/6 turn the parts of the stripes by one with each row.
u32 turned(const Chunk& chunk, u64 row, u32 part) {
    return static_cast<u32>((part + row) % chunk.stripes.size());
}

} // namespace

unsigned mirror_count(const Chunk& chunk) {
    if (chunk.stripes.empty()) {
        return 0;
    }
    switch (chunk.profile().parity) {
    case 0: return chunk.profile().copies;
    case 1: return 2;
    default: return static_cast<unsigned>(chunk.stripes.size());
    }
}

unsigned stored_copies(const Chunk& chunk) {
    return chunk.profile().parity > 0 ? std::min(1U, mirror_count(chunk)) : mirror_count(chunk);
}

StripeRun map_stripe(const Chunk& chunk, Logical at, u64 length, unsigned mirror) {
    assert(chunk.contains(at) && mirror >= 1 && mirror <= mirror_count(chunk));
    const Coordinates place = coordinates_of(chunk, at);
    const auto& profile = chunk.profile();
    const u32 index =
        profile.parity > 0 ? turned(chunk, place.row, place.position) : place.position * profile.copies + mirror - 1;
    // Stripes in a row are cut every 64 KiB; one that is alone goes on to the end of the chunk.
    const bool in_a_row = profile.parity > 0 || chunk.data_stripes() > 1;
    const u64 left_in_chunk = chunk.length - (at.bytenr - chunk.start.bytenr);
    const u64 left_in_stripe = in_a_row ? btrfs::raid_stripe_length - place.offset : left_in_chunk;
    const Stripe& stripe = chunk.stripes[index];
    return {.length = std::min({length, left_in_stripe, left_in_chunk}),
            .stripe = index,
            .physical = {stripe.devid, stripe.offset + offset_in_stripe(place)}};
}

std::optional<StripeContent> content_of_stripe(const Chunk& chunk, u32 stripe, u64 offset_in_stripe) {
    const auto& profile = chunk.profile();
    const u32 data_count = chunk.data_stripes();
    if (data_count == 0 || stripe >= chunk.stripes.size()) {
        return std::nullopt;
    }
    const u64 row = offset_in_stripe / btrfs::raid_stripe_length;
    if (row > chunk.length / btrfs::raid_stripe_length / data_count) {
        return std::nullopt;
    }
    u32 position = stripe / profile.copies;
    StripeContent content{.mirror = stripe % profile.copies + 1};
    if (profile.parity > 0) {
        const auto count = static_cast<u32>(chunk.stripes.size());
        const u32 part = (stripe + count - static_cast<u32>(row % count)) % count;
        content.mirror = 1;
        position = part < data_count ? part : 0;
        content.part = part < data_count    ? StripeContent::Part::data
                       : part == data_count ? StripeContent::Part::p
                                            : StripeContent::Part::q;
    }
    content.at = chunk.start + (row * data_count + position) * btrfs::raid_stripe_length +
                 offset_in_stripe % btrfs::raid_stripe_length;
    return chunk.contains(content.at) ? std::optional(content) : std::nullopt;
}

ParityRow parity_row(const Chunk& chunk, Logical at) {
    assert(chunk.contains(at) && chunk.profile().parity > 0);
    const Coordinates place = coordinates_of(chunk, at);
    const u32 data_count = chunk.data_stripes();
    ParityRow row;
    row.data.reserve(data_count);
    for (u32 position = 0; position < data_count; ++position) {
        row.data.push_back(turned(chunk, place.row, position));
    }
    row.p = turned(chunk, place.row, data_count);
    if (chunk.profile().parity > 1) {
        row.q = turned(chunk, place.row, data_count + 1);
    }
    row.position = place.position;
    row.offset_in_stripe = offset_in_stripe(place);
    return row;
}

} // namespace btrkit
