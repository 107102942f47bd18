// SPDX-License-Identifier: MIT
// What the walk hands out, and in which order, compared with the tree as it was planted; on sound trees, damaged ones,
// and such as were made to keep a walk busy for ever.
#include "libfs/tree/tree_walk.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/effort.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace tree_walk_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 tree_id = btrfs::uuid_tree_id;
constexpr std::array all_orders = {WalkOrder::breadth_first, WalkOrder::depth_first, WalkOrder::leaves_only};

btrfs::Key key_of(u64 number) {
    return {number / 4, static_cast<u8>(btrfs::item_type::string_item - number % 2), number % 4 / 2};
}

/// Keys with gaps between them, in ascending order.
std::vector<LeafItem> some_items(u64 count) {
    std::set<btrfs::Key> keys;
    for (u64 i = 0; i < count; ++i) {
        keys.insert(key_of(i * 3));
    }
    std::vector<LeafItem> items;
    for (const auto& key : keys) {
        items.push_back({key, bytes_from("item")});
    }
    return items;
}

/// A tree of levels 0 to 3.
struct Planted {
    MetadataImage image = MetadataImage(btrfs::block_group_dup);
    PlantedBlock tree = image.plant(tree_id, some_items(180));

    PlantedBlock& node(std::size_t i, std::size_t j) { return tree.children.at(i).children.at(j); }

    std::vector<Promise> walk(WalkOrder order, const KeyRange& keys = {}) {
        const Volume volume = image.open();
        const BlockReader reader(volume);
        TreeWalk walk(reader, tree.promise, order, keys);
        std::vector<Promise> promises;
        while (auto promise = walk.next()) {
            promises.push_back(*promise);
            REQUIRE(promises.size() < 10000);
        }
        CHECK_FALSE(walk.next());
        return promises;
    }
};

using Addresses = std::vector<u64>;

Addresses addresses(const std::vector<Promise>& promises) {
    Addresses all;
    std::ranges::transform(promises, std::back_inserter(all),
                           [](const auto& promise) { return promise.address.bytenr; });
    return all;
}

/// Of the planted blocks those that keep returns true for.
template <class Keep>
Addresses planted(const PlantedBlock& root, WalkOrder order, Keep keep) {
    Addresses all;
    for (const auto* block : blocks_in_order(root, order)) {
        if (keep(*block)) {
            all.push_back(block->address());
        }
    }
    return all;
}

bool is_below(const PlantedBlock& block, const PlantedBlock& root) {
    return std::ranges::any_of(root.children, [&](const PlantedBlock& child) {
        return child.address() == block.address() || is_below(block, child);
    });
}

/// Whether keys that this block can hold lie in the range; the root is always of interest.
bool may_hold(const PlantedBlock& block, const KeyRange& keys) {
    const auto& promise = block.promise;
    return (!promise.first_key || !keys.ends_before(*promise.first_key)) && (!promise.end || *promise.end > keys.first);
}

/// Makes a node point to this child, under this key, in all slots from one on.
void point_to(Block& node, u32 slot, u64 child) {
    pointer_in(node, slot).blockptr = child;
}

} // namespace

TEST_CASE("all blocks are handed out, with all that is promised of them") {
    Planted planted_tree;
    REQUIRE(planted_tree.tree.level() == 3);
    for (const auto order : all_orders) {
        const auto expected = blocks_in_order(planted_tree.tree, order);
        const auto promises = planted_tree.walk(order);
        REQUIRE(promises.size() == expected.size());
        for (std::size_t i = 0; i < promises.size(); ++i) {
            const auto& promise = promises[i];
            const auto& wanted = expected[i]->promise;
            CHECK(promise.address == wanted.address);
            CHECK(promise.generation == wanted.generation);
            CHECK(promise.level == wanted.level);
            CHECK(promise.tree == wanted.tree);
            CHECK(promise.first_key == wanted.first_key);
            CHECK(promise.end == wanted.end);
        }
    }
}

TEST_CASE("a tree that is a single leaf is handed out, full or empty, readable or not") {
    Planted planted_tree;
    for (const u64 count : {0, 3}) {
        planted_tree.tree = planted_tree.image.plant(tree_id, some_items(count));
        for (const auto order : all_orders) {
            CHECK(addresses(planted_tree.walk(order)) == Addresses{planted_tree.tree.address()});
        }
        planted_tree.image.spoil(planted_tree.tree.address());
        for (const auto order : all_orders) {
            CHECK(addresses(planted_tree.walk(order)) == Addresses{planted_tree.tree.address()});
        }
    }
}

TEST_CASE("blocks outside the keys are left out") {
    Planted planted_tree;
    std::mt19937_64 random(41);
    for (unsigned round = 0; round < rounds(40, 200); ++round) {
        auto first = key_of(random() % 560);
        auto last = key_of(random() % 560);
        if (round % 10 == 0) {
            last = first; // one key only
        } else if (round % 10 == 1) {
            last = btrfs::Key::max();
        } else if (last < first) {
            std::swap(first, last);
        }
        const auto keys = KeyRange::through(first, last);
        CAPTURE(round);
        for (const auto order : all_orders) {
            CHECK(addresses(planted_tree.walk(order, keys)) ==
                  planted(planted_tree.tree, order,
                          [&](const auto& block) { return block.level() == 3 || may_hold(block, keys); }));
        }
    }
}

TEST_CASE("keys before, between and behind all others need few blocks") {
    Planted planted_tree;
    for (const auto& key : {btrfs::Key::min(), btrfs::Key::max()}) {
        const auto promises = planted_tree.walk(WalkOrder::depth_first, KeyRange::through(key, key));
        CHECK(promises.size() == (key == btrfs::Key::min() ? 1 : 4));
    }
    CHECK(planted_tree.walk(WalkOrder::leaves_only, {btrfs::Key::max(), btrfs::Key::min()}).empty());
}

TEST_CASE("what lies beside a lost node is still walked") {
    for (const bool as_whole : {false, true}) {
        Planted planted_tree;
        auto& lost = planted_tree.node(1, 1);
        if (as_whole) {
            planted_tree.image.spoil(lost.address());
        } else {
            planted_tree.image.change(lost.address(), [](Block& block) { header_in(block).generation = 2; });
        }
        for (const auto order : {WalkOrder::breadth_first, WalkOrder::depth_first}) {
            CHECK(addresses(planted_tree.walk(order)) ==
                  planted(planted_tree.tree, order, [&](const auto& block) { return !is_below(block, lost); }));
        }
        // In its place among the leaves stands the node.
        Addresses leaves;
        for (const auto* leaf : blocks_in_order(planted_tree.tree, WalkOrder::leaves_only)) {
            if (leaf->address() == lost.children.front().address()) {
                leaves.push_back(lost.address());
            }
            if (!is_below(*leaf, lost)) {
                leaves.push_back(leaf->address());
            }
        }
        CHECK(addresses(planted_tree.walk(WalkOrder::leaves_only)) == leaves);
    }
}

TEST_CASE("a node with one bad copy is as good as any") {
    Planted planted_tree;
    planted_tree.image.spoil(planted_tree.node(1, 1).address(), 1);
    planted_tree.image.spoil(planted_tree.tree.address(), 1);
    for (const auto order : all_orders) {
        CHECK(addresses(planted_tree.walk(order)) ==
              planted(planted_tree.tree, order, [](const auto&) { return true; }));
    }
}

TEST_CASE("of a lost root nothing but the root is handed out") {
    Planted planted_tree;
    planted_tree.image.spoil(planted_tree.tree.address());
    for (const auto order : all_orders) {
        CHECK(addresses(planted_tree.walk(order)) == Addresses{planted_tree.tree.address()});
    }
}

TEST_CASE("a node with keys out of order is followed as far as they ascend, and told of among the leaves") {
    Planted planted_tree;
    auto& malformed = planted_tree.node(1, 1);
    REQUIRE(malformed.children.size() == 4);
    planted_tree.image.change(malformed.address(),
                              [](Block& block) { std::swap(pointer_in(block, 1), pointer_in(block, 2)); });
    const auto& passed_over = malformed.children[1]; // stands behind a larger key now
    for (const auto order : {WalkOrder::breadth_first, WalkOrder::depth_first}) {
        const auto promises = planted_tree.walk(order);
        CHECK(addresses(promises) == planted(planted_tree.tree, order, [&](const auto& block) {
                  return block.address() != passed_over.address();
              }));
        for (const auto& promise : promises) {
            CHECK((!promise.end || !promise.first_key || *promise.first_key < *promise.end));
        }
    }
    auto leaves = planted(planted_tree.tree, WalkOrder::leaves_only,
                          [&](const auto& block) { return block.address() != passed_over.address(); });
    leaves.insert(std::ranges::find(leaves, malformed.children[0].address()), malformed.address());
    CHECK(addresses(planted_tree.walk(WalkOrder::leaves_only)) == leaves);
}

TEST_CASE("children whose keys belong to the next node are left out") {
    Planted planted_tree;
    auto& node = planted_tree.node(1, 1);
    const auto& stolen = planted_tree.node(1, 2).children[1];
    planted_tree.image.change(node.address(), [&](Block& block) {
        pointer_in(block, 3).key = btrfs::DiskKey::from(*stolen.promise.first_key);
        pointer_in(block, 3).blockptr = stolen.address();
    });
    for (const auto order : {WalkOrder::breadth_first, WalkOrder::depth_first}) {
        CHECK(addresses(planted_tree.walk(order)) == planted(planted_tree.tree, order, [&](const auto& block) {
                  return block.address() != node.children[3].address();
              }));
    }
}

TEST_CASE("nodes that point to themselves or to their parents end the walk there") {
    Planted planted_tree;
    const auto& hostile = planted_tree.node(0, 0);
    const std::array targets = {hostile.address(), planted_tree.tree.address(),
                                planted_tree.tree.children[0].address()};
    for (const u64 target : targets) {
        for (const u8 level : {u8{2}, u8{0}, u8{255}}) {
            planted_tree.image.change(hostile.address(), [&](Block& block) {
                header_in(block).level = level;
                for (u32 slot = 0; slot < 4; ++slot) {
                    point_to(block, slot, target);
                }
            });
            for (const auto order : all_orders) {
                CHECK(planted_tree.walk(order).size() <= blocks_in_order(planted_tree.tree, order).size() + 4);
            }
        }
    }
    // With its own level, it has children that are not what it promises.
    planted_tree.image.change(hostile.address(), [&](Block& block) { header_in(block).level = hostile.level(); });
    CHECK(planted_tree.walk(WalkOrder::depth_first).size() ==
          blocks_in_order(planted_tree.tree, WalkOrder::depth_first).size());
}

TEST_CASE("nodes that share their children do not multiply them") {
    // Each node of a level points to all nodes of the level below whose keys are not smaller than its own: there are
    // as many ways down as there are ascending sequences of keys.
    constexpr u64 width = 24;
    Planted hostile;
    auto& image = hostile.image;
    std::vector<std::vector<u64>> rows(7);
    for (u8 level = 0; level < 7; ++level) {
        for (u64 i = 0; i < width; ++i) {
            const u64 address = image.take_address();
            rows[level].push_back(address);
            const BlockIdentity identity{
                .address = address, .owner = tree_id, .generation = image.generation(), .level = level};
            if (level == 0) {
                image.put(build_leaf(image.geometry(), identity, {{{i, 1, 0}}}));
                continue;
            }
            std::vector<NodeEntry> entries;
            for (u64 below = i; below < width; ++below) {
                entries.push_back({{below, 1, 0}, rows[level - 1u][below], image.generation()});
            }
            image.put(build_node(image.geometry(), identity, entries));
        }
    }
    hostile.tree.promise = {
        .address = {rows[6].front()}, .generation = image.generation(), .level = 6, .tree = tree_id};
    for (const auto order : all_orders) {
        const auto found = addresses(hostile.walk(order));
        CHECK(found.size() <= 7 * width);
        CHECK(std::set(found.begin(), found.end()).size() == found.size());
        for (const u64 leaf : rows[0]) {
            CHECK(std::ranges::count(found, leaf) == 1);
        }
    }
}

TEST_CASE("random damage: the walk ends, and nothing is handed out twice") {
    std::mt19937_64 random(2027);
    for (unsigned round = 0; round < rounds(10, 60); ++round) {
        Planted planted_tree;
        const auto blocks = blocks_in_order(planted_tree.tree, WalkOrder::breadth_first);
        for (int damage = 0; damage < 4; ++damage) {
            const auto& victim = *blocks[random() % 20];
            planted_tree.image.change(victim.address(), [&](Block& block) {
                const std::size_t at = random() % 3 == 0 ? random() % sizeof(btrfs::TreeBlockHeader)
                                                         : sizeof(btrfs::TreeBlockHeader) + random() % 140;
                block[at] = static_cast<std::byte>(random());
            });
        }
        CAPTURE(round);
        for (const auto order : all_orders) {
            std::set<std::pair<u64, btrfs::Key>> seen;
            std::optional<btrfs::Key> last_leaf;
            for (const auto& promise : planted_tree.walk(order)) {
                const auto key = promise.first_key.value_or(btrfs::Key::min());
                CHECK(seen.emplace(*promise.level, key).second);
                if (promise.level == 0) {
                    CHECK((!last_leaf || *last_leaf < key));
                    last_leaf = key;
                }
            }
        }
    }
}

TEST_CASE("what is lost is named by its keys") {
    const Promise middle{
        .address = {4096}, .tree = 5, .first_key = btrfs::Key{256, 1, 0}, .end = btrfs::Key{300, 1, 0}};
    const auto problem = lost_range(middle);
    CHECK(problem.code == ProblemCode::block_lost);
    CHECK(problem.place.logical == Logical{4096});
    CHECK(problem.place.tree == 5u);
    CHECK(problem.detail == "keys from (256 INODE_ITEM 0) up to but not including (300 INODE_ITEM 0)");
    auto last = middle;
    last.end.reset();
    CHECK(lost_range(last).detail == "keys from (256 INODE_ITEM 0) to the end of the tree");
    CHECK(lost_range({.address = {4096}}).detail == "the whole tree");
}

} // namespace tree_walk_test
