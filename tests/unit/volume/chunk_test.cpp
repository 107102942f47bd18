// SPDX-License-Identifier: MIT
// Chunks: one finding for each rule of the kernel, which of them leave arithmetic undefined, and the map.
#include "formats/btrfs/item_types.h"
#include "libfs/volume/chunk_map.h"
#include "tests/support/volume_image.h"

#include <functional>

#include <doctest/doctest.h>

namespace chunk_test {

using namespace btrkit;
using namespace btrfs;
using btrkit::test::chunk_item;
using btrkit::test::sample_superblock;

namespace {

constexpr Key sound_key{256, item_type::chunk_item, 16 * mib};
constexpr auto top = ~btrkit::u64{0};

Geometry geometry_with(btrkit::u64 more_incompat = 0) {
    auto super = sample_superblock();
    super.incompat_flags = super.incompat_flags | more_incompat;
    return geometry_of(super);
}

std::vector<std::byte> item_of(btrkit::u64 type, btrkit::u32 stripes, btrkit::u64 length = 8 * mib) {
    Chunk chunk{.start = {sound_key.offset}, .length = length, .type = type, .sub_stripes = 1, .stripes = {}};
    chunk.sub_stripes = (type & block_group_raid10) != 0 ? 2 : 1;
    for (btrkit::u32 i = 0; i < stripes; ++i) {
        chunk.stripes.push_back({i + 1, mib * (i + 1), {}});
    }
    return chunk_item(chunk);
}

ChunkItem& fixed_part(std::vector<std::byte>& item) {
    return *reinterpret_cast<ChunkItem*>(item.data());
}
StripeItem& stripe(std::vector<std::byte>& item, std::size_t index) {
    return *reinterpret_cast<StripeItem*>(item.data() + sizeof(ChunkItem) + index * sizeof(StripeItem));
}

struct Rule {
    const char* named; ///< in the detail of the one finding
    std::function<void(Key&, std::vector<std::byte>&)> break_it;
    bool readable;
};

const std::vector<Rule> rules = {
    {"is no chunk's", [](Key& key, auto&) { key.type = item_type::dev_item; }, true},
    {"is no chunk's", [](Key& key, auto&) { key.objectid = 257; }, true},
    {"size 112 does not fit",
     [](Key&, auto& item) {
         fixed_part(item).num_stripes = 1;
         fixed_part(item).type = block_group_data;
     },
     true},
    {"size 111 is too small", [](Key&, auto& item) { item.pop_back(); }, false},
    {"size 47 is too small", [](Key&, auto& item) { item.resize(47); }, false},
    {"size 0 is too small", [](Key&, auto& item) { item.clear(); }, false},
    {"size 113 does not fit", [](Key&, auto& item) { item.push_back({}); }, true},
    {"unknown bits 0x10000", [](Key&, auto& item) { fixed_part(item).type = fixed_part(item).type | flag_bit(16); },
     true},
    {"unknown bits 0x800",
     [](Key&, auto& item) { fixed_part(item).type = fixed_part(item).type | block_group_remapped; }, true},
    {"more than one profile",
     [](Key&, auto& item) { fixed_part(item).type = fixed_part(item).type | block_group_raid0; }, false},
    {"neither data", [](Key&, auto& item) { fixed_part(item).type = block_group_raid1; }, true},
    {"mixes system", [](Key&, auto& item) { fixed_part(item).type = fixed_part(item).type | block_group_system; },
     true},
    {"mixes data and metadata",
     [](Key&, auto& item) { fixed_part(item).type = fixed_part(item).type | block_group_metadata; }, true},
    {"logical address", [](Key& key, auto&) { key.offset += 512; }, true},
    {"length 0", [](Key&, auto& item) { fixed_part(item).length = 0; }, false},
    {"length 4097", [](Key&, auto& item) { fixed_part(item).length = 4097; }, true},
    {"is not below", [](Key&, auto& item) { fixed_part(item).length = (btrkit::u64{0xffffffff} << 16); }, true},
    {"beyond the last logical address", [](Key& key, auto&) { key.offset = top - 8 * mib + 1; }, false},
    {"sector_size", [](Key&, auto& item) { fixed_part(item).sector_size = 512; }, true},
    {"stripe_len", [](Key&, auto& item) { fixed_part(item).stripe_len = 32768; }, false},
    {"stripe_len", [](Key&, auto& item) { fixed_part(item).stripe_len = 0; }, false},
    {"beyond the last physical", [](Key&, auto& item) { stripe(item, 1).offset = top - 8 * mib + 1; }, false},
};

struct StripeCount {
    btrkit::u64 profile;
    std::vector<btrkit::u32> possible;
    std::vector<btrkit::u32> impossible;
};

const std::vector<StripeCount> stripe_counts = {
    {0, {1}, {0, 2}},
    {block_group_dup, {2}, {0, 1, 3}},
    {block_group_raid0, {1, 2, 9}, {0}},
    {block_group_raid1, {2}, {0, 1, 3, 4}},
    {block_group_raid1c3, {3}, {0, 1, 2, 4}},
    {block_group_raid1c4, {4}, {0, 1, 3, 5}},
    {block_group_raid10, {2, 4, 10}, {0, 1, 3, 5}},
    {block_group_raid5, {2, 3, 300}, {0, 1}},
    {block_group_raid6, {3, 4, 257}, {0, 1, 2, 258}},
};

Chunk plain_chunk(btrkit::u64 start, btrkit::u64 length) {
    return {
        .start = {start}, .length = length, .type = block_group_data, .sub_stripes = 1, .stripes = {{1, start, {}}}};
}

} // namespace

TEST_CASE("nothing is wrong with a sound chunk") {
    auto item = item_of(block_group_data | block_group_raid1, 2);
    CHECK(check_chunk(sound_key, item, geometry_with()).empty());
    const auto chunk = parse_chunk(sound_key, item);
    REQUIRE(chunk);
    CHECK(chunk->start.bytenr == 16 * mib);
    CHECK(chunk->length == 8 * mib);
    CHECK(chunk->profile().name == "RAID1");
    REQUIRE(chunk->stripes.size() == 2);
    CHECK(chunk->stripes[1].devid == 2);
    CHECK(chunk->stripes[1].offset == 2 * mib);
}

TEST_CASE("each rule has its finding, and only some forbid to read") {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = rules[i];
        CAPTURE(i);
        CAPTURE(rule.named);
        auto key = sound_key;
        auto item = item_of(block_group_data | block_group_raid1, 2);
        rule.break_it(key, item);
        const auto problems = check_chunk(key, item, geometry_with());
        REQUIRE(problems.size() == 1);
        // By the type alone kernels know a chunk.
        const bool is_elsewhere = problems[0].code == ProblemCode::item_misplaced;
        CHECK((is_elsewhere ? std::string_view(rule.named) == "is no chunk's"
                            : problems[0].code == ProblemCode::chunk_item));
        CHECK(problems[0].detail.find(rule.named) != std::string::npos);
        CHECK(problems[0].place.logical == Logical{key.offset});
        CHECK(problems[0].place.key == key);
        CHECK(parse_chunk(key, item).has_value() == rule.readable);
    }
}

TEST_CASE("each profile has its number of stripes") {
    for (const auto& [profile, possible, impossible] : stripe_counts) {
        CAPTURE(find_profile(profile)->name);
        for (const btrkit::u32 count : possible) {
            CAPTURE(count);
            const auto item = item_of(block_group_data | profile, count);
            CHECK(check_chunk(sound_key, item, geometry_with()).empty());
            CHECK(parse_chunk(sound_key, item).has_value());
        }
        for (const btrkit::u32 count : impossible) {
            CAPTURE(count);
            const auto item = item_of(block_group_data | profile, count);
            CHECK(check_chunk(sound_key, item, geometry_with()).size() == 1);
            CHECK_FALSE(parse_chunk(sound_key, item));
        }
    }
}

TEST_CASE("sub_stripes count for raid10 alone") {
    auto item = item_of(block_group_data | block_group_raid10, 4);
    fixed_part(item).sub_stripes = 0;
    CHECK(check_chunk(sound_key, item, geometry_with()).size() == 1);
    auto other = item_of(block_group_data | block_group_raid1, 2);
    fixed_part(other).sub_stripes = 0;
    CHECK(check_chunk(sound_key, other, geometry_with()).empty());
}

TEST_CASE("features allow what is impossible without them") {
    const auto mixed = item_of(block_group_data | block_group_metadata, 1);
    CHECK(check_chunk(sound_key, mixed, geometry_with(incompat_mixed_groups)).empty());
    const auto remapped = item_of(block_group_data | block_group_remapped, 0);
    CHECK(check_chunk(sound_key, remapped, geometry_with(incompat_remap_tree)).empty());
    REQUIRE(parse_chunk(sound_key, remapped));
    CHECK(parse_chunk(sound_key, remapped)->data_stripes() == 0);
    const auto remap_tree = item_of(block_group_metadata_remap, 1);
    CHECK(check_chunk(sound_key, remap_tree, geometry_with(incompat_remap_tree)).empty());
}

TEST_CASE("stripes know how long they are") {
    const auto length_of = [](btrkit::u64 profile, btrkit::u32 stripes, btrkit::u64 length) {
        return parse_chunk(sound_key, item_of(block_group_data | profile, stripes, length))->stripe_length_bytes();
    };
    CHECK(length_of(0, 1, 8 * mib) == 8 * mib);
    CHECK(length_of(0, 1, 12345) == 12345);
    CHECK(length_of(block_group_raid1c3, 3, 8 * mib) == 8 * mib);
    CHECK(length_of(block_group_raid0, 4, 8 * mib) == 2 * mib);
    CHECK(length_of(block_group_raid10, 4, 8 * mib) == 4 * mib);
    CHECK(length_of(block_group_raid5, 3, 8 * mib) == 4 * mib);
    CHECK(length_of(block_group_raid6, 6, 8 * mib) == 2 * mib);
    CHECK(length_of(block_group_raid0, 2, 131072 + 4096) == 65536 + 4096);
    CHECK(length_of(block_group_raid0, 2, 131072 + 65536 + 4096) == 131072);
}

TEST_CASE("every truncation and every bit of a chunk item is survived") {
    const auto sound = item_of(block_group_data | block_group_raid6, 4);
    for (std::size_t size = 0; size < sound.size(); ++size) {
        CHECK_FALSE(check_chunk(sound_key, Bytes(sound).first(size), geometry_with()).empty());
        CHECK_FALSE(parse_chunk(sound_key, Bytes(sound).first(size)));
    }
    for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
        auto item = sound;
        item[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        const auto problems = check_chunk(sound_key, item, geometry_with());
        const auto chunk = parse_chunk(sound_key, item);
        CHECK((chunk || !problems.empty()));
    }
}

TEST_CASE("the map finds the chunk of an address") {
    ChunkMap map;
    CHECK(map.find({0}) == nullptr);
    CHECK(map.add(plain_chunk(4096, 4096)));
    CHECK(map.add(plain_chunk(16384, 4096)));
    CHECK(map.add(plain_chunk(8192, 4096)));
    REQUIRE(map.chunks().size() == 3);
    CHECK(std::ranges::is_sorted(map.chunks(), {}, &Chunk::start));
    CHECK(map.find({4095}) == nullptr);
    CHECK(map.find({4096})->start.bytenr == 4096);
    CHECK(map.find({8191})->start.bytenr == 4096);
    CHECK(map.find({8192})->start.bytenr == 8192);
    CHECK(map.find({12288}) == nullptr);
    CHECK(map.find({20479})->start.bytenr == 16384);
    CHECK(map.find({20480}) == nullptr);
    CHECK(map.find({top}) == nullptr);
}

TEST_CASE("the map refuses what overlaps and replaces what is the same") {
    ChunkMap map;
    CHECK(map.add(plain_chunk(8192, 8192)));
    CHECK_FALSE(map.add(plain_chunk(4096, 4097)));
    CHECK_FALSE(map.add(plain_chunk(0, 65536)));
    CHECK_FALSE(map.add(plain_chunk(8192, 4096)));
    CHECK_FALSE(map.add(plain_chunk(12288, 1)));
    CHECK_FALSE(map.add(plain_chunk(16383, 10)));
    CHECK(map.add(plain_chunk(4096, 4096)));
    CHECK(map.add(plain_chunk(16384, top - 16384)));
    CHECK(map.find({top - 1})->start.bytenr == 16384);
    CHECK_FALSE(map.add(plain_chunk(top - 10, 5)));
    auto same = plain_chunk(8192, 8192);
    same.stripes[0].devid = 9;
    CHECK(map.add(same));
    CHECK(map.chunks().size() == 3);
    CHECK(map.find({8192})->stripes[0].devid == 9);
}

} // namespace chunk_test
