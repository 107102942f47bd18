// SPDX-License-Identifier: MIT
// Extents with all their references: to items and back, and what the kernel's rules say of the items.
#include "libfs/base/checksum.h"
#include "libfs/space/extent_record.h"
#include "libfs/tree/item_check.h"
#include "tests/support/build_leaf.h"

#include <map>
#include <random>

#include <doctest/doctest.h>

namespace extent_record_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

constexpr u64 bytenr = u64{1} << 30;

Result<ExtentRecord> decoded(const std::vector<EncodedItem>& items, const Geometry& geometry) {
    BTRKIT_TRY_ASSIGN(auto reader, ExtentRecordReader::begin(items.at(0).key, items.at(0).body, geometry));
    for (std::size_t i = 1; i < items.size(); ++i) {
        REQUIRE(reader.owns(items[i].key));
        BTRKIT_TRY(reader.add(items[i].key, items[i].body));
    }
    return std::move(reader).finish();
}

ExtentRef random_ref(std::mt19937_64& random, u8 ref_type) {
    ExtentRef ref{.type = ref_type, .count = 1};
    const u64 tree = random() % 4 == 0 ? 5 : 256 + random() % 40;
    if (ref.is_shared()) {
        ref.parent = random() % 4096 * 16384;
    } else {
        ref.root = tree;
    }
    if (ref_type == type::extent_data_ref) {
        ref.objectid = 257 + random() % 5;
        ref.offset = (random() % 64 - 8) * 4096;
    }
    if (ref.is_of_data()) {
        ref.count = static_cast<u32>(1 + random() % 9);
    }
    return ref;
}

/// Sorted, each referrer once.
void put_in_order(std::vector<ExtentRef>& refs) {
    std::ranges::sort(refs, stands_before);
    const auto [unneeded, last] = std::ranges::unique(
        refs, [](const ExtentRef& one, const ExtentRef& next) { return !stands_before(one, next); });
    refs.erase(unneeded, last);
}

ExtentRecord random_record(std::mt19937_64& random, const Geometry& geometry) {
    const bool is_data = random() % 2 == 0;
    ExtentRecord record{.bytenr = bytenr,
                        .length_bytes = is_data ? (1 + random() % 100) * geometry.sectorsize : geometry.nodesize,
                        .generation = random() % geometry.generation,
                        .flags = is_data ? btrfs::extent_flag_data : btrfs::extent_flag_tree_block,
                        .first_key = {},
                        .refs = {}};
    if (!is_data) {
        record.level = static_cast<u8>(random() % btrfs::max_level_count);
        record.flags |= random() % 2 == 0 ? btrfs::extent_flag_full_backref : 0;
        if (random() % 2 == 0) {
            record.first_key = {random(), static_cast<u8>(random()), random()};
        }
    }
    const u64 ref_count = 1 + random() % (random() % 2 == 0 ? 4 : 200);
    while (record.refs.size() < ref_count) {
        const bool is_shared = random() % 3 == 0;
        const u8 of_data = is_shared ? type::shared_data_ref : type::extent_data_ref;
        const u8 of_block = is_shared ? type::shared_block_ref : type::tree_block_ref;
        record.refs.push_back(random_ref(random, is_data ? of_data : of_block));
    }
    if (is_data && random() % 3 == 0) {
        record.refs.push_back({.type = type::extent_owner_ref, .root = 256 + random() % 9});
    }
    put_in_order(record.refs);
    return record;
}

/// What the checks of single items and of leaves have against them.
std::string findings_of(const std::vector<EncodedItem>& items, const Geometry& geometry) {
    std::vector<LeafItem> leaf_items;
    for (const auto& item : items) {
        leaf_items.push_back({item.key, item.body});
    }
    const BlockIdentity identity{.owner = btrfs::extent_tree_id};
    const auto block = build_leaf(geometry, identity, leaf_items);
    Problems problems;
    const auto proven = TreeBlock::prove(
        block, geometry, {.address = {identity.address}, .level = 0, .tree = btrfs::extent_tree_id}, problems);
    if (proven) {
        check_items(*proven, geometry, btrfs::extent_tree_id, problems);
    }
    return problems.empty() ? std::string() : describe(problems.front());
}

std::size_t inline_count(const EncodedItem& item, const Geometry& geometry) {
    const auto extent = parse_extent(item.key, item.body, geometry);
    InlineRefs refs(inline_refs_of(*extent, item.key, item.body));
    std::size_t count = 0;
    while (refs.next()) {
        ++count;
    }
    return count;
}

Geometry with_nodesize(u32 nodesize) {
    Geometry geometry = sample_geometry();
    geometry.nodesize = nodesize;
    return geometry;
}

/// An extent whose references are all of its tree, at one of many offsets.
ExtentRecord data_of(std::vector<ExtentRef> refs) {
    put_in_order(refs);
    return {.bytenr = bytenr,
            .length_bytes = 4096,
            .generation = 7,
            .flags = btrfs::extent_flag_data,
            .first_key = {},
            .refs = std::move(refs)};
}

ExtentRef data_ref(u64 offset) {
    return {.type = type::extent_data_ref, .root = 5, .objectid = 257, .offset = offset, .count = 1};
}

} // namespace

TEST_CASE("what is encoded is what is decoded, and no check of items has anything against it") {
    std::mt19937_64 random(11);
    for (int round = 0; round < 2000; ++round) {
        const Geometry geometry = with_nodesize(round % 2 == 0 ? 4096 : 16384);
        const ExtentRecord record = random_record(random, geometry);
        const auto items = encode_extent(record, geometry.nodesize);
        const auto back = decoded(items, geometry);
        REQUIRE(back);
        REQUIRE(*back == record);
        REQUIRE(std::ranges::is_sorted(items, {}, &EncodedItem::key));
        REQUIRE(items.front().body.size() < extent_item_size_limit(geometry.nodesize));
        const std::vector<EncodedItem> some(
            items.begin(), items.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(items.size(), 30)));
        REQUIRE(findings_of(some, geometry) == "");
    }
}

TEST_CASE("items of an extent as the format has them") {
    const Geometry geometry = with_nodesize(16384);
    const auto head = [](u64 refs, u64 flags) {
        return btrfs::ExtentItem{.refs = refs, .generation = 7, .flags = flags};
    };
    ExtentRecord block{.bytenr = bytenr,
                       .length_bytes = 16384,
                       .generation = 7,
                       .flags = btrfs::extent_flag_tree_block,
                       .level = 2,
                       .first_key = {},
                       .refs = {{.type = type::tree_block_ref, .root = 7, .count = 1},
                                {.type = type::tree_block_ref, .root = 5, .count = 1}}};
    const auto refs = bytes_from(btrfs::InlineRef{type::tree_block_ref, 7}, btrfs::InlineRef{type::tree_block_ref, 5});
    const auto block_head = bytes_from(head(2, btrfs::extent_flag_tree_block));
    CHECK(encode_extent(block, 16384) ==
          std::vector{EncodedItem{{bytenr, type::metadata_item, 2}, joined({block_head, refs})}});
    block.first_key = {256, type::inode_item, 0};
    const auto info = bytes_from(btrfs::TreeBlockInfo{.key = btrfs::DiskKey::from(*block.first_key), .level = 2});
    CHECK(encode_extent(block, 16384) ==
          std::vector{EncodedItem{{bytenr, type::extent_item, 16384}, joined({block_head, info, refs})}});

    ExtentRecord data = data_of({data_ref(0), {.type = type::extent_owner_ref, .root = 256}});
    data.refs[1].count = 3;
    CHECK(encode_extent(data, 16384) ==
          std::vector{
              EncodedItem{{bytenr, type::extent_item, 4096},
                          bytes_from(head(3, btrfs::extent_flag_data), btrfs::InlineRef{type::extent_owner_ref, 256},
                                     u8{type::extent_data_ref}, btrfs::ExtentDataRef{5, 257, 0, 3})}});
}

TEST_CASE("an item takes references up to the kernel's limit, and not one more") {
    CHECK(extent_item_size_limit(16384) == 992);
    CHECK(extent_item_size_limit(4096) == 224);
    const Geometry geometry = with_nodesize(16384);
    std::vector<ExtentRef> refs;
    for (u64 i = 0; i < 33; ++i) {
        refs.push_back(data_ref(i * 4096));
    }
    // 24 bytes, and 29 for each: 33 of them are 981 bytes, 34 would be 1010.
    CHECK(encode_extent(data_of(refs), 16384).size() == 1);
    refs.push_back(data_ref(33 * 4096));
    const auto items = encode_extent(data_of(refs), 16384);
    CHECK(items.size() == 2);
    CHECK(inline_count(items[0], geometry) == 33);
    // 13 bytes each: 74 of them make 986.
    std::vector<ExtentRef> shared;
    for (u64 i = 0; i < 80; ++i) {
        shared.push_back({.type = type::shared_data_ref, .parent = (i + 1) * 16384, .count = 1});
    }
    CHECK(inline_count(encode_extent(data_of(shared), 16384)[0], geometry) == 74);
}

TEST_CASE("an item of exactly the limit is too large") {
    std::vector<ExtentRef> refs = {data_ref(0), data_ref(4096)};
    for (u64 i = 0; i < 70; ++i) {
        refs.push_back({.type = type::shared_data_ref, .parent = (i + 1) * 16384, .count = 1});
    }
    // 24 bytes, 2 of 29 and 70 of 13: 992.
    const auto items = encode_extent(data_of(refs), 16384);
    CHECK(items.size() == 2);
    CHECK(items[0].body.size() == 992 - 13);
    CHECK(items[1].key == btrfs::Key{bytenr, type::shared_data_ref, 16384});
}

TEST_CASE("data references of one hash have keys one behind the other") {
    std::map<u64, ExtentRef> known;
    std::vector<ExtentRef> twins;
    std::mt19937_64 random(5);
    while (twins.empty()) {
        ExtentRef ref = data_ref(random() % (u64{1} << 40) * 4096);
        ref.objectid = 257 + random() % 1000;
        const auto [other, is_new] = known.try_emplace(ref.sequence(), ref);
        if (!is_new && other->second != ref) {
            twins = {ref, other->second};
        }
    }
    const u64 hash = twins[0].sequence();
    auto refs = twins;
    for (auto larger = known.upper_bound(hash); larger != known.end() && refs.size() < 30; ++larger) {
        refs.push_back(larger->second);
    }
    for (auto smaller = known.begin(); refs.size() < 30; ++smaller) {
        refs.push_back(smaller->second);
    }
    const Geometry geometry = with_nodesize(4096);
    const auto record = data_of(refs);
    const auto items = encode_extent(record, 4096);
    const auto decoded_record = decoded(items, geometry);
    REQUIRE(decoded_record);
    CHECK(*decoded_record == record);
    const auto first = std::ranges::find(items, btrfs::Key{bytenr, type::extent_data_ref, hash}, &EncodedItem::key);
    REQUIRE(first != items.end());
    REQUIRE(first + 1 != items.end());
    CHECK((first + 1)->key == btrfs::Key{bytenr, type::extent_data_ref, hash + 1});
    CHECK(decode_keyed_ref((first + 1)->key, (first + 1)->body)->sequence() == hash);
}

TEST_CASE("items that say what can't be are no record") {
    const Geometry geometry = with_nodesize(16384);
    const auto good = encode_extent(data_of({data_ref(0), data_ref(4096)}), 16384);
    CHECK(decoded(good, geometry));
    const auto fails = [&](auto&& change) {
        auto items = good;
        change(items);
        return !decoded(items, geometry);
    };
    CHECK(fails([](auto& items) { items[0].body.resize(20); }));
    CHECK(fails([](auto& items) { items[0].body.pop_back(); }));
    CHECK(fails([](auto& items) { items[0].body[0] = std::byte{3}; }));                         // refs
    CHECK(fails([](auto& items) { items[0].body[16] = std::byte{2}; }));                        // flags: a tree block
    CHECK(fails([](auto& items) { items[0].key.type = type::block_group_item; }));              //
    CHECK(fails([](auto& items) { items[0].body[24 + 28] = items[0].body[0] = std::byte{}; })); // count of one
    CHECK(fails([](auto& items) { items[0].body[16] = std::byte{3}; })); // both data and a tree block
    CHECK(fails([](auto& items) { items[0].key.type = type::metadata_item; }));
    const auto block = [&](u64 level, u64 flags) {
        const auto body = bytes_from(btrfs::ExtentItem{.refs = 1, .generation = 7, .flags = flags},
                                     btrfs::InlineRef{type::tree_block_ref, 5});
        return decoded({{{bytenr, type::metadata_item, level}, body}}, geometry).has_value();
    };
    CHECK(block(7, btrfs::extent_flag_tree_block));
    CHECK_FALSE(block(8, btrfs::extent_flag_tree_block));
    CHECK_FALSE(block(263, btrfs::extent_flag_tree_block));
    CHECK_FALSE(block(7, 0));
    const auto keyed = encode_keyed_ref(data_ref(0));
    CHECK(fails([&](auto& items) { // twice
        items[0].body[0] = std::byte{3};
        items.push_back({key_of_ref(bytenr, data_ref(0)), copy_of(keyed.bytes())});
    }));
    CHECK(fails(
        [&](auto& items) { items.push_back({key_of_ref(bytenr, data_ref(8192)), copy_of(keyed.bytes().first(27))}); }));
}

TEST_CASE("whatever items hold: what is a record comes back from its own items") {
    std::mt19937_64 random(13);
    const Geometry geometry = with_nodesize(4096);
    int records = 0;
    for (int round = 0; round < 20000; ++round) {
        auto items = encode_extent(random_record(random, geometry), geometry.nodesize);
        for (u64 changes = random() % 3; changes > 0; --changes) {
            auto& item = items[random() % items.size()];
            if (item.body.empty() || random() % 4 == 0) {
                item.key.offset = random() % 2 == 0 ? random() : item.key.offset + random() % 3;
            } else if (random() % 8 == 0) {
                item.body.resize(random() % item.body.size());
            } else {
                item.body[random() % std::min<std::size_t>(item.body.size(), 60)] =
                    static_cast<std::byte>(random() % 9);
            }
        }
        if (const auto record = decoded(items, geometry); record && record->ref_count() > 0) {
            ++records;
            REQUIRE(decoded(encode_extent(*record, geometry.nodesize), geometry) == *record);
        }
    }
    CHECK(records > 1000);
}

} // namespace extent_record_test
