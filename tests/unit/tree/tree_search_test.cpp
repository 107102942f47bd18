// SPDX-License-Identifier: MIT
// Look-ups one behind the other, compared with a list of leaves; on sound trees, and on such as have lost some.
#include "libfs/tree/tree_search.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/effort.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

namespace tree_search_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 tree_id = 256;

btrfs::Key key_of(u64 number) {
    return {256 + number / 9, static_cast<u8>(btrfs::item_type::inode_item + number % 9 / 3), number % 3 * 4096};
}

/// A tree of random items, and what a look-up must find in it.
struct Searched {
    explicit Searched(std::mt19937_64& random, u64 count) {
        std::set<u64> numbers;
        while (numbers.size() < count) {
            numbers.insert(1 + random() % (3 * count));
        }
        std::vector<LeafItem> items;
        for (const u64 number : numbers) {
            items.push_back({key_of(number), bytes_from("item " + std::to_string(number))});
        }
        tree = image.plant(tree_id, items);
        leaves = blocks_in_order(tree, WalkOrder::leaves_only);
        largest = 3 * count + 2;
    }

    void lose(const PlantedBlock& block) {
        image.spoil(block.address());
        root_lost = root_lost || &block == &tree;
        for (const auto* leaf : blocks_in_order(block, WalkOrder::leaves_only)) {
            lost.insert(leaf);
        }
    }
    void open() {
        volume = image.open();
        reader.emplace(*volume);
        cache.emplace(*reader, std::size_t{1} << 16);
    }

    MetadataImage image;
    PlantedBlock tree;
    std::vector<const PlantedBlock*> leaves;
    std::set<const PlantedBlock*> lost; ///< leaves
    bool root_lost = false;             ///< nothing is known of the keys then
    u64 largest = 0;
    std::optional<Volume> volume;
    std::optional<BlockReader> reader;
    std::optional<BlockCache> cache;
};

/// What a move must come to.
struct Outcome {
    bool fails = false;
    const LeafItem* item = nullptr;
};

class Model {
public:
    explicit Model(const Searched& searched) : searched_(&searched) {}

    Outcome find(const btrfs::Key& key) const {
        const auto outcome = at_or_before(key);
        return outcome.item != nullptr && outcome.item->key != key ? Outcome{} : outcome;
    }
    Outcome at_or_before(const btrfs::Key& key) const {
        const PlantedBlock* leaf = nullptr;
        for (const auto* next : searched_->leaves) {
            if (!next->items.empty() && next->items.front().key <= key) {
                leaf = next;
            }
        }
        if (leaf == nullptr || is_lost(leaf)) {
            return {.fails = leaf != nullptr || searched_->root_lost};
        }
        return {.item = &*std::prev(std::ranges::upper_bound(leaf->items, key, {}, &LeafItem::key))};
    }
    Outcome at_or_after(const btrfs::Key& key) const {
        const auto& leaves = searched_->leaves;
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            if (i + 1 < leaves.size() && leaves[i + 1]->items.front().key <= key) {
                continue;
            }
            if (is_lost(leaves[i])) {
                return {.fails = true};
            }
            const auto found = std::ranges::lower_bound(leaves[i]->items, key, {}, &LeafItem::key);
            if (found != leaves[i]->items.end()) {
                return {.item = &*found};
            }
        }
        return {};
    }

private:
    bool is_lost(const PlantedBlock* leaf) const { return searched_->lost.contains(leaf); }

    const Searched* searched_;
};

void check(const TreeSearch& search, const Result<bool>& moved, const Outcome& expected) {
    CHECK(moved.has_value() != expected.fails);
    CHECK(search.valid() == (expected.item != nullptr));
    if (!moved) {
        CHECK(moved.error().kind == ErrorKind::damaged);
        CHECK(moved.error().message.contains("[block-lost]"));
        return;
    }
    CHECK(*moved == (expected.item != nullptr));
    if (*moved && expected.item != nullptr) {
        CHECK(search.key() == expected.item->key);
        CHECK(std::ranges::equal(search.data(), expected.item->data));
        CHECK(search.leaf().key(search.slot()) == search.key());
    }
}

void move_about(Searched& searched, std::mt19937_64& random, int moves) {
    searched.open();
    const Model model(searched);
    TreeSearch search(*searched.cache, searched.tree.promise);
    u64 number = 0;
    for (int i = 0; i < moves; ++i) {
        number = random() % 3 == 0 ? random() % searched.largest : (number + random() % 5) % searched.largest;
        const auto key = key_of(number);
        CAPTURE(i);
        CAPTURE(number);
        switch (random() % 4) {
        case 0: check(search, search.find(key), model.find(key)); break;
        case 1: check(search, search.seek_back(key), model.at_or_before(key)); break;
        case 2: check(search, search.seek(key), model.at_or_after(key)); break;
        default:
            while (search.valid() && random() % 8 != 0) {
                const auto behind = btrfs::next_key(search.key());
                check(search, search.next(), model.at_or_after(behind));
            }
        }
    }
}

} // namespace

TEST_CASE("random moves in a sound tree find what is there") {
    std::mt19937_64 random(61);
    for (const u64 count : {0, 1, 5, 6, 21, 100, 400}) {
        CAPTURE(count);
        Searched searched(random, count);
        move_about(searched, random, 2000);
    }
}

TEST_CASE("where an item may be lost, it is an error; everywhere else it is not") {
    std::mt19937_64 random(62);
    for (unsigned round = 0; round < rounds(10, 40); ++round) {
        CAPTURE(round);
        Searched searched(random, 100);
        const auto blocks = blocks_in_order(searched.tree, WalkOrder::breadth_first);
        for (u64 i = 0; i <= random() % 3; ++i) {
            // A block that is spoiled twice would be good again.
            if (const auto& victim = *blocks[random() % blocks.size()];
                !searched.lost.contains(blocks_in_order(victim, WalkOrder::leaves_only).front())) {
                searched.lose(victim);
            }
        }
        move_about(searched, random, 300);
    }
}

TEST_CASE("a scan sees every item, and no block twice") {
    std::mt19937_64 random(63);
    Searched searched(random, 400);
    searched.open();
    TreeSearch search(*searched.cache, searched.tree.promise);
    std::vector<BlockCache::Block> seen;
    u64 count = 0;
    for (auto there = search.seek(btrfs::Key::min()); there && *there; there = search.next()) {
        ++count;
        if (seen.empty() || seen.back() != search.block()) {
            seen.push_back(search.block());
        }
    }
    CHECK(count == 400);
    CHECK(seen.size() == searched.leaves.size());
    CHECK_FALSE(search.valid());
}

TEST_CASE("a move within the leaf needs no other block") {
    std::mt19937_64 random(64);
    Searched searched(random, 400);
    searched.open();
    TreeSearch search(*searched.cache, searched.tree.promise);
    const auto& items = searched.leaves[40]->items;
    REQUIRE(*search.find(items[1].key));
    const auto held = search.block();
    const std::weak_ptr<const OwnedBlock> root = *searched.cache->get(searched.tree.promise);
    // The leaf is let go by the cache, and not read anew.
    for (const auto* block : blocks_in_order(searched.tree, WalkOrder::breadth_first)) {
        REQUIRE(searched.cache->get(block->promise));
    }
    for (const auto& item : items) {
        CHECK(*search.find(item.key));
        CHECK(search.block() == held);
    }
    CHECK_FALSE(*search.find(btrfs::next_key(items[1].key)));
    CHECK(*search.seek_back(btrfs::next_key(items[1].key)));
    CHECK(search.block() == held);
    CHECK(*search.find(searched.leaves.front()->items.front().key));
}

} // namespace tree_search_test
