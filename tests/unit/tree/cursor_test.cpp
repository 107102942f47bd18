// SPDX-License-Identifier: MIT
// Look-ups by key, on a sound tree and past what is damaged.
#include "libfs/tree/cursor.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/device_lists.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

#include <numeric>

namespace cursor_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 item_count = 100;

btrfs::Key key_of(u64 number) {
    return {256 + number / 3, btrfs::item_type::string_item, number % 3 * 10};
}

std::vector<LeafItem> numbered_items(u64 count) {
    std::vector<LeafItem> items;
    for (u64 i = 0; i < count; ++i) {
        items.push_back({key_of(i), bytes_from("item " + std::to_string(i))});
    }
    return items;
}

struct Searched {
    explicit Searched(u64 count = item_count) : tree(image.plant(btrfs::uuid_tree_id, numbered_items(count))) {}

    MetadataImage image = MetadataImage(btrfs::block_group_dup);
    PlantedBlock tree;
    std::optional<Volume> volume = {};
    std::optional<BlockReader> reader = {};

    Cursor cursor() {
        volume = image.open();
        reader.emplace(*volume);
        return Cursor(*reader, tree.promise);
    }
    PlantedBlock& leaf(std::size_t i) { return tree.children.at(i / 16).children.at(i / 4 % 4).children.at(i % 4); }
};

/// The numbers of all items from where the cursor stands.
std::vector<u64> rest_of(Cursor& cursor) {
    std::vector<u64> numbers;
    for (bool there = cursor.valid(); there; there = cursor.next()) {
        numbers.push_back((cursor.key().objectid - 256) * 3 + cursor.key().offset / 10);
        CHECK(as_text(cursor.data()) == "item " + std::to_string(numbers.back()));
    }
    return numbers;
}

std::vector<u64> numbers_but(u64 first_missing, u64 last_missing) {
    std::vector<u64> numbers;
    for (u64 i = 0; i < item_count; ++i) {
        if (i < first_missing || i > last_missing) {
            numbers.push_back(i);
        }
    }
    return numbers;
}

} // namespace

TEST_CASE("every key is found, and so is the one behind every gap") {
    Searched searched;
    REQUIRE(searched.tree.level() == 3);
    auto cursor = searched.cursor();
    for (u64 i = 0; i < item_count; ++i) {
        CAPTURE(i);
        REQUIRE(cursor.seek(key_of(i)));
        CHECK(cursor.key() == key_of(i));
        CHECK(as_text(cursor.data()) == "item " + std::to_string(i));
        CHECK(cursor.leaf().header().owner == btrfs::uuid_tree_id);

        const bool found = cursor.seek(btrfs::next_key(key_of(i)));
        CHECK(found == (i + 1 < item_count));
        CHECK(cursor.valid() == found);
        if (found) {
            CHECK(cursor.key() == key_of(i + 1));
        }
    }
    CHECK(cursor.seek(btrfs::Key::min()));
    CHECK(cursor.key() == key_of(0));
    CHECK_FALSE(cursor.seek(btrfs::Key::max()));
    CHECK(cursor.damage().empty());
    CHECK_FALSE(cursor.missed_items());
}

TEST_CASE("from any key on, all items follow") {
    Searched searched;
    auto cursor = searched.cursor();
    for (const u64 from : {0, 1, 4, 5, 37, 98, 99}) {
        cursor.seek(key_of(from));
        std::vector<u64> expected(item_count - from);
        std::iota(expected.begin(), expected.end(), from);
        CHECK(rest_of(cursor) == expected);
    }
}

TEST_CASE("an empty tree has no items") {
    Searched searched(0);
    auto cursor = searched.cursor();
    CHECK_FALSE(cursor.seek(btrfs::Key::min()));
    CHECK_FALSE(cursor.valid());
    CHECK(cursor.damage().empty());
}

TEST_CASE("a bad copy is remembered, and nothing is missed") {
    Searched searched;
    searched.image.spoil(searched.leaf(2).address(), 1);
    auto cursor = searched.cursor();
    cursor.seek(btrfs::Key::min());
    CHECK(rest_of(cursor) == numbers_but(1, 0));
    CHECK(codes(cursor.damage()) == std::vector{ProblemCode::block_checksum});
    CHECK_FALSE(cursor.missed_items());
}

TEST_CASE("a lost leaf is passed over, and its keys are named") {
    Searched searched;
    const auto& lost = searched.leaf(2);
    searched.image.spoil(lost.address());
    auto cursor = searched.cursor();
    cursor.seek(btrfs::Key::min());
    CHECK(rest_of(cursor) == numbers_but(10, 14));
    CHECK(codes(cursor.damage()) ==
          std::vector{ProblemCode::block_checksum, ProblemCode::block_checksum, ProblemCode::block_lost});
    CHECK(cursor.damage().back().detail == lost_range(lost.promise).detail);
    CHECK(cursor.missed_items());

    // Whoever seeks what was in it lands behind it; whoever seeks what was not, knows of no damage.
    cursor = searched.cursor();
    CHECK(cursor.seek(key_of(12)));
    CHECK(cursor.key() == key_of(15));
    CHECK(cursor.missed_items());
    cursor = searched.cursor();
    CHECK(cursor.seek(key_of(15)));
    CHECK_FALSE(cursor.missed_items());
}

TEST_CASE("a lost node is passed over with all that is below it") {
    Searched searched;
    const auto& lost = searched.tree.children[0].children[1];
    searched.image.spoil(lost.address());
    auto cursor = searched.cursor();
    cursor.seek(btrfs::Key::min());
    CHECK(rest_of(cursor) == numbers_but(20, 39));
    CHECK(cursor.damage().back().detail == lost_range(lost.promise).detail);
    CHECK(cursor.damage().back().place.tree == btrfs::uuid_tree_id);
    CHECK(cursor.missed_items());
}

TEST_CASE("a malformed leaf counts as lost, a malformed node is followed") {
    Searched searched;
    searched.image.change(searched.leaf(0).address(), [](Block& block) { item_in(block, 3).offset = 0; });
    const auto& node = searched.tree.children[0].children[1];
    searched.image.change(node.address(), [](Block& block) { pointer_in(block, 1).key = pointer_in(block, 0).key; });
    auto cursor = searched.cursor();
    cursor.seek(btrfs::Key::min());
    CHECK(rest_of(cursor).size() == item_count - 5 - 5);
    CHECK(cursor.missed_items());
    const auto found = codes(cursor.damage());
    CHECK(std::ranges::count(found, ProblemCode::block_lost) == 1);
    CHECK(std::ranges::count(found, ProblemCode::node_key_order) == 2); // both copies
}

TEST_CASE("without a root there is nothing but damage") {
    Searched searched;
    searched.image.spoil(searched.tree.address());
    auto cursor = searched.cursor();
    CHECK_FALSE(cursor.seek(btrfs::Key::min()));
    CHECK(cursor.damage().back().detail == "the whole tree");
    CHECK(cursor.missed_items());
}

} // namespace cursor_test
