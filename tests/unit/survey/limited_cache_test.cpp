// SPDX-License-Identifier: MIT
// That looking at blocks ends, and what counts.
#include "libfs/survey/naming/limited_cache.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

namespace limited_cache_test {

using namespace btrkit;
using namespace btrkit::test;
using survey::LimitedCache;

namespace {

struct Planted {
    Planted() {
        std::vector<LeafItem> items;
        for (u64 i = 0; i < 100; ++i) {
            items.push_back({{i, btrfs::item_type::string_item, 7}, bytes_from("item " + std::to_string(i))});
        }
        tree = image.plant(256, items);
        leaves = blocks_in_order(tree, WalkOrder::leaves_only);
    }

    LimitedCache open(survey::LookLimits limits) {
        volume = image.open();
        reader.emplace(*volume);
        return {*reader, 1 << 20, limits};
    }

    MetadataImage image;
    PlantedBlock tree;
    std::vector<const PlantedBlock*> leaves;
    std::optional<Volume> volume;
    std::optional<BlockReader> reader;
};

} // namespace

TEST_CASE("limited cache: looks count, and reads count once a block") {
    Planted planted;
    auto cache = planted.open({.reads = 2, .looks = 5});
    for (int i = 0; i < 5; ++i) {
        REQUIRE_FALSE(cache.is_exhausted());
        CHECK(cache.get(planted.leaves[0]->promise) != nullptr);
    }
    CHECK(cache.is_exhausted());
    CHECK(cache.get(planted.leaves[0]->promise) == nullptr);

    auto other = planted.open({.reads = 2, .looks = 100});
    CHECK(other.get(planted.leaves[0]->promise) != nullptr);
    CHECK_FALSE(other.is_exhausted());
    CHECK(other.get(planted.leaves[1]->promise) != nullptr);
    CHECK(other.is_exhausted());
}

TEST_CASE("limited cache: what can't be read is read once, and anew only for another promise") {
    Planted planted;
    auto promise = planted.leaves[3]->promise;
    planted.image.spoil(promise.address.bytenr);
    auto cache = planted.open({.reads = 2, .looks = 100});
    for (int i = 0; i < 10; ++i) {
        CHECK(cache.get(promise) == nullptr);
    }
    CHECK_FALSE(cache.is_exhausted());
    promise.generation = 1;
    CHECK(cache.get(promise) == nullptr);
    CHECK(cache.is_exhausted());
}

TEST_CASE("limited cache: a block that was proven for one promise is not handed out for another") {
    Planted planted;
    auto cache = planted.open({});
    auto promise = planted.leaves[3]->promise;
    REQUIRE(cache.get(promise) != nullptr);
    promise.first_key = btrfs::Key{1, 2, 3};
    CHECK(cache.get(promise) == nullptr);
    CHECK(cache.get(planted.leaves[3]->promise) != nullptr);
}

TEST_CASE("limited cache: a child on the way ends where the next one begins, whosever it is") {
    Planted planted;
    auto cache = planted.open({});
    const auto root = cache.get(planted.tree.promise);
    REQUIRE(root != nullptr);
    const auto& second = planted.tree.children[1];
    const auto child = survey::child_on_way(root->block(), *second.promise.first_key, planted.tree.promise);
    CHECK(child.address == second.promise.address);
    CHECK(child.end == second.promise.end);
    CHECK(child.tree == std::nullopt);
    const auto first = survey::child_on_way(root->block(), btrfs::Key::min(), planted.tree.promise);
    CHECK(first.address == planted.tree.children[0].promise.address);
}

} // namespace limited_cache_test
