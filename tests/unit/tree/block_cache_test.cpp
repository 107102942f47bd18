// SPDX-License-Identifier: MIT
// What is kept, what is let go, and that a kept block is not taken for another one.
#include "libfs/tree/block_cache.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

namespace block_cache_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 tree_id = 256;

std::vector<LeafItem> some_items(u64 count) {
    std::vector<LeafItem> items;
    for (u64 i = 0; i < count; ++i) {
        items.push_back({{i, btrfs::item_type::string_item, 7}, bytes_from("item " + std::to_string(i))});
    }
    return items;
}

struct Cached {
    explicit Cached(u64 count = 100) : tree(image.plant(tree_id, some_items(count))) {}

    MetadataImage image;
    PlantedBlock tree;
    std::optional<Volume> volume = {};
    std::optional<BlockReader> reader = {};

    BlockCache open(std::size_t most_bytes = 1 << 20) {
        volume = image.open();
        reader.emplace(*volume);
        return {*reader, most_bytes};
    }
    std::vector<const PlantedBlock*> leaves() const { return blocks_in_order(tree, WalkOrder::leaves_only); }
};

} // namespace

TEST_CASE("a block is read once") {
    Cached cached;
    auto cache = cached.open();
    for (const auto* leaf : cached.leaves()) {
        const auto first = cache.get(leaf->promise);
        const auto second = cache.get(leaf->promise);
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->get() == second->get());
        CHECK((*first)->block().key(0) == leaf->items.front().key);
    }
}

TEST_CASE("the least recently used blocks are let go, but not from whoever holds them") {
    Cached cached;
    auto cache = cached.open(1); // a handful
    const auto leaves = cached.leaves();
    REQUIRE(leaves.size() == 20);
    const auto held = cache.get(leaves[0]->promise);
    const std::weak_ptr<const OwnedBlock> often = *cache.get(leaves[1]->promise);
    const std::weak_ptr<const OwnedBlock> once = *cache.get(leaves[2]->promise);
    for (std::size_t i = 3; i < leaves.size(); ++i) {
        REQUIRE(cache.get(leaves[i]->promise));
        REQUIRE(cache.get(leaves[1]->promise));
    }
    CHECK_FALSE(often.expired());
    CHECK(once.expired());
    CHECK((*held)->block().key(0) == leaves[0]->items.front().key);
    CHECK(cache.get(leaves[0]->promise)->get() != held->get());
}

TEST_CASE("a kept block is handed out only for promises that it keeps") {
    Cached cached;
    auto cache = cached.open();
    const auto& good = cached.leaves()[3]->promise;
    const auto kept = cache.get(good);
    REQUIRE(kept);

    const auto fails_with = [&](const Promise& promise, std::string_view code) {
        const auto got = cache.get(promise);
        REQUIRE_FALSE(got);
        CHECK(got.error().kind == ErrorKind::damaged);
        CHECK(got.error().message.contains("[block-lost]"));
        CHECK_MESSAGE(got.error().message.contains(code), got.error().message);
    };
    auto other = good;
    other.generation = *good.generation + 1;
    fails_with(other, "[block-generation]");
    other = good;
    other.level = u8{1};
    fails_with(other, "[block-level]");
    other = good;
    other.tree = btrfs::uuid_tree_id;
    fails_with(other, "[block-owner]");
    other = good;
    other.first_key = btrfs::Key{1, 2, 3};
    fails_with(other, "[block-first-key]");
    other = good;
    other.end = btrfs::Key{good.first_key->objectid + 4, btrfs::item_type::string_item, 7}; // its last one
    fails_with(other, "[leaf-key-order]");

    other.end = btrfs::next_key(*other.end);
    CHECK(cache.get(other)->get() == kept->get());
    other = good;
    other.tree = tree_id + 1; // subvolumes share blocks
    CHECK(cache.get(other)->get() == kept->get());
    CHECK(cache.get({.address = good.address})->get() == kept->get());
    CHECK(cache.get(good)->get() == kept->get());
}

TEST_CASE("an empty root is no leaf below a node") {
    Cached cached(0);
    auto cache = cached.open();
    auto promise = cached.tree.promise;
    REQUIRE(cache.get(promise));
    promise.first_key = btrfs::Key::min();
    REQUIRE_FALSE(cache.get(promise));
    CHECK(cache.get(promise).error().message.contains("[leaf-empty]"));
}

TEST_CASE("a block that is lost is named, with its tree and keys, every time") {
    Cached cached;
    const auto& promise = cached.leaves()[3]->promise;
    cached.image.spoil(promise.address.bytenr);
    auto cache = cached.open();
    for (int i = 0; i < 2; ++i) {
        const auto got = cache.get(promise);
        REQUIRE_FALSE(got);
        CHECK(got.error().kind == ErrorKind::damaged);
        CHECK(got.error().message.starts_with(describe(lost_range(promise))));
        CHECK(got.error().message.contains("[block-checksum]"));
    }
}

} // namespace block_cache_test
