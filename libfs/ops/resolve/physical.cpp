// SPDX-License-Identifier: MIT
#include "libfs/fs/stripe_tree.h"
#include "libfs/ops/resolve/resolve.h"
#include "libfs/volume/superblock_places.h"

#include <fmt/format.h>

namespace btrkit::resolve {

namespace {

std::optional<unsigned> super_mirror_at(const btrfs::Superblock& super, u64 offset) {
    const auto offsets = kept_superblock_offsets(super);
    for (std::size_t mirror = 0; mirror < offsets.size(); ++mirror) {
        if (offset >= offsets[mirror] && offset - offsets[mirror] < btrfs::superblock_size) {
            return static_cast<unsigned>(mirror);
        }
    }
    return std::nullopt;
}

struct StripePlace {
    const Chunk* chunk = nullptr; ///< null: no chunk has it
    u32 stripe = 0;
    u64 offset_in_stripe = 0;
};

StripePlace find_stripe(const ChunkMap& chunks, Physical place) {
    for (const auto& chunk : chunks.chunks()) {
        for (u32 i = 0; i < chunk.stripes.size(); ++i) {
            const auto& stripe = chunk.stripes[i];
            if (stripe.devid == place.devid && place.offset >= stripe.offset &&
                place.offset - stripe.offset < chunk.stripe_length_bytes()) {
                return {.chunk = &chunk, .stripe = i, .offset_in_stripe = place.offset - stripe.offset};
            }
        }
    }
    return {};
}

/// Nothing: the chunk has no data there.
Result<std::optional<StripeContent>> content_at(const Filesystem& filesystem, const StripePlace& at, Physical place) {
    if (!filesystem.geometry().has_incompat(btrfs::incompat_raid_stripe_tree) || !uses_stripe_tree(*at.chunk)) {
        return content_of_stripe(*at.chunk, at.stripe, at.offset_in_stripe);
    }
    BTRKIT_TRY_ASSIGN(const auto root, filesystem.find_tree(btrfs::raid_stripe_tree_id));
    BTRKIT_TRY_ASSIGN(const auto found, StripeTree(filesystem.reader(), root.block).find_place(*at.chunk, place));
    return found ? std::optional(StripeContent{.at = found->first, .mirror = found->second}) : std::nullopt;
}

} // namespace

Result<PlaceReport> resolve_physical(const Filesystem& filesystem, Physical place, const Options& options,
                                     const RunContext& context) {
    if (!filesystem.volume().members().contains(place.devid)) {
        return fail(ErrorKind::not_found, fmt::format("the filesystem has no device {}", place.devid));
    }
    PlaceReport report{.place = place, .super_mirror = super_mirror_at(filesystem.super(), place.offset)};
    if (const auto* device = filesystem.volume().device_of(place.devid)) {
        report.device_bytes = device->size_bytes();
    }
    const auto stripe = find_stripe(filesystem.volume().chunks(), place);
    report.is_free = stripe.chunk == nullptr;
    if (report.is_free) {
        return report;
    }
    BTRKIT_TRY_ASSIGN(const auto content, content_at(filesystem, stripe, place));
    if (content) {
        report.content = *content;
        BTRKIT_TRY_ASSIGN(report.address, resolve_logical(filesystem, content->at, options, context));
    }
    return report;
}

} // namespace btrkit::resolve
