// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/volume/chunk_map.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit {

namespace {

using btrfs::Profile;

/// The kernel counts stripes of 64 KiB in 32 bits.
constexpr u64 length_limit = u64{std::numeric_limits<u32>::max()} * btrfs::raid_stripe_length;
/// Q's coefficients are powers of 2 in GF(2^8): they begin to repeat at the 256th data stripe.
constexpr u32 most_data_under_q = 255;

bool sum_overflows(u64 left, u64 right) {
    return left > std::numeric_limits<u64>::max() - right;
}

/// A chunk item of which only the size is known to be right.
struct ItemView {
    const btrfs::ChunkItem& item;
    Logical start;
    Bytes stripes;

    u32 stripe_count() const { return item.num_stripes; }
    bool is_remapped() const { return (item.type & btrfs::block_group_remapped) != 0; }
    const btrfs::StripeItem& stripe(u32 index) const {
        return *view_at<btrfs::StripeItem>(stripes, index * sizeof(btrfs::StripeItem));
    }
};

std::optional<ItemView> view_item(const btrfs::Key& key, Bytes body) {
    const auto* item = view_at<btrfs::ChunkItem>(body);
    if (item == nullptr || body.size() < btrfs::chunk_item_size(item->num_stripes)) {
        return std::nullopt;
    }
    return ItemView{*item, {key.offset}, body.subspan(sizeof(btrfs::ChunkItem))};
}

/// Takes findings about one chunk.
class ChunkFindings {
public:
    explicit ChunkFindings(const btrfs::Key& key) : place_{.logical = Logical{key.offset}, .key = key} {}

    void add(std::string detail) { add(ProblemCode::chunk_item, std::move(detail)); }
    void add(ProblemCode code, std::string detail) { problems_.push_back({code, place_, std::move(detail)}); }
    Problems release() { return std::move(problems_); }

private:
    Place place_;
    Problems problems_;
};

void check_type(u64 type, const Geometry& geometry, ChunkFindings& findings) {
    constexpr u64 remap_bits = btrfs::block_group_remapped | btrfs::block_group_metadata_remap;
    const bool has_remap = geometry.has_incompat(btrfs::incompat_remap_tree);
    const u64 known =
        btrfs::block_group_type_mask | btrfs::block_group_profile_mask | (has_remap ? remap_bits : u64{0});
    const u64 purpose = type & (btrfs::block_group_type_mask | (known & btrfs::block_group_metadata_remap));
    if ((type & ~known) != 0) {
        findings.add(fmt::format("type {:#x} has unknown bits {:#x}", type, type & ~known));
    }
    if (btrfs::find_profile(type) == nullptr) {
        findings.add(fmt::format("type {:#x} has more than one profile", type));
    }
    if (purpose == 0) {
        findings.add(fmt::format("type {:#x} is neither data nor metadata nor system", type));
    }
    if ((purpose & btrfs::block_group_system) != 0 && purpose != btrfs::block_group_system) {
        findings.add(fmt::format("type {:#x} mixes system with others", type));
    }
    constexpr u64 mixed = btrfs::block_group_data | btrfs::block_group_metadata;
    if ((purpose & mixed) == mixed && !geometry.has_incompat(btrfs::incompat_mixed_groups)) {
        findings.add(fmt::format("type {:#x} mixes data and metadata, but the filesystem has not that feature", type));
    }
}

void check_extent(const ItemView& chunk, const Geometry& geometry, ChunkFindings& findings) {
    const u64 start = chunk.start.bytenr;
    const u64 length = chunk.item.length;
    if (!is_aligned(start, geometry.sectorsize)) {
        findings.add(
            fmt::format("logical address {} is not a multiple of the sectorsize {}", start, geometry.sectorsize));
    }
    if (length == 0 || !is_aligned(length, geometry.sectorsize)) {
        findings.add(fmt::format("length {} is not a multiple of the sectorsize {}", length, geometry.sectorsize));
    }
    if (sum_overflows(start, length)) {
        findings.add(fmt::format("length {} reaches beyond the last logical address", length));
    } else if (length >= length_limit) {
        findings.add(fmt::format("length {} is not below {}", length, length_limit));
    }
    if (chunk.item.sector_size != geometry.sectorsize) {
        findings.add(fmt::format("sector_size is {}, but the filesystem's is {}", u32{chunk.item.sector_size},
                                 geometry.sectorsize));
    }
    if (chunk.item.stripe_len != btrfs::raid_stripe_length) {
        findings.add(fmt::format("stripe_len is {}", u64{chunk.item.stripe_len}));
    }
}

/// Whether a chunk of the profile can have that many stripes.
bool stripe_count_possible(const Profile& profile, const ItemView& chunk) {
    const u32 count = chunk.stripe_count();
    if (count == 0) {
        return chunk.is_remapped();
    }
    const bool has_q = profile.parity > 1;
    return count >= profile.min_stripes && (profile.max_stripes == 0 || count <= profile.max_stripes) &&
           count % profile.copies == 0 && (!has_q || count - profile.parity <= most_data_under_q);
}

void check_stripes(const ItemView& chunk, ChunkFindings& findings) {
    const Profile* profile = btrfs::find_profile(chunk.item.type);
    if (profile == nullptr) {
        return;
    }
    if (!stripe_count_possible(*profile, chunk)) {
        findings.add(fmt::format("num_stripes {} is impossible for {}", chunk.stripe_count(), profile->name));
    }
    if (profile->flag == btrfs::block_group_raid10 && chunk.item.sub_stripes != profile->sub_stripes) {
        findings.add(fmt::format("sub_stripes is {}, but {} has {}", u16{chunk.item.sub_stripes}, profile->name,
                                 profile->sub_stripes));
    }
}

/// The chunk as the item has it. Needs a possible number of stripes.
Chunk copy_chunk(const ItemView& item) {
    Chunk chunk{.start = item.start,
                .length = item.item.length,
                .type = item.item.type,
                .sub_stripes = item.item.sub_stripes,
                .stripes = {}};
    chunk.stripes.reserve(item.stripe_count());
    for (u32 i = 0; i < item.stripe_count(); ++i) {
        const auto& stripe = item.stripe(i);
        chunk.stripes.push_back({stripe.devid, stripe.offset, stripe.dev_uuid});
    }
    return chunk;
}

const Stripe* first_endless_stripe(const Chunk& chunk) {
    const u64 length = chunk.stripe_length_bytes();
    const auto found =
        std::ranges::find_if(chunk.stripes, [&](const Stripe& stripe) { return sum_overflows(stripe.offset, length); });
    return found == chunk.stripes.end() ? nullptr : &*found;
}

bool can_be_counted(const ItemView& item) {
    const Profile* profile = btrfs::find_profile(item.item.type);
    return profile != nullptr && stripe_count_possible(*profile, item) && item.item.length != 0 &&
           !sum_overflows(item.start.bytenr, item.item.length);
}

} // namespace

Problems check_chunk(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    ChunkFindings findings(key);
    if (key.type != btrfs::item_type::chunk_item) {
        findings.add(fmt::format("key {} is no chunk's", key_text(key)));
    } else if (key.objectid != btrfs::first_chunk_tree_objectid) {
        // Kernels go by the type alone.
        findings.add(ProblemCode::item_misplaced, fmt::format("key {} is no chunk's", key_text(key)));
    }
    const auto item = view_item(key, body);
    if (!item || body.size() != btrfs::chunk_item_size(item->stripe_count())) {
        findings.add(item ? fmt::format("size {} does not fit num_stripes {}", body.size(), item->stripe_count())
                          : fmt::format("size {} is too small", body.size()));
    }
    if (!item) {
        return findings.release();
    }
    check_type(item->item.type, geometry, findings);
    check_extent(*item, geometry, findings);
    check_stripes(*item, findings);
    if (can_be_counted(*item)) {
        const Chunk chunk = copy_chunk(*item);
        if (const auto* stripe = first_endless_stripe(chunk); stripe != nullptr) {
            findings.add(fmt::format("stripe at {} of device {} reaches beyond the last physical address",
                                     stripe->offset, stripe->devid));
        }
    }
    return findings.release();
}

std::optional<Chunk> parse_chunk(const btrfs::Key& key, Bytes body) {
    const auto item = view_item(key, body);
    if (!item || item->item.stripe_len != btrfs::raid_stripe_length || !can_be_counted(*item)) {
        return std::nullopt;
    }
    Chunk chunk = copy_chunk(*item);
    if (first_endless_stripe(chunk) != nullptr) {
        return std::nullopt;
    }
    return chunk;
}

} // namespace btrkit
