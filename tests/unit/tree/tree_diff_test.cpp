// SPDX-License-Identifier: MIT
// Two trees that share blocks, side by side, compared with what was planted; on sound trees and on damaged ones.
#include "libfs/tree/tree_diff.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/device_lists.h"
#include "tests/support/effort.h"
#include "tests/support/forwarding_device.h"
#include "tests/support/sharing_planter.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

namespace tree_diff_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 old_tree_id = 256;
constexpr u64 new_tree_id = 257;

btrfs::Key key_of(u64 number) {
    return {number / 9, static_cast<u8>(btrfs::item_type::inode_item + number % 9 / 3), number % 3 * 4096};
}

/// Items and where they are: those that can be reached.
struct Located {
    const LeafItem* item = nullptr;
    u64 leaf = 0;
};
using LocatedItems = std::map<btrfs::Key, Located>;

void locate(const PlantedBlock& block, const std::set<u64>& spoiled, LocatedItems& items) {
    if (spoiled.contains(block.address())) {
        return;
    }
    for (const auto& item : block.items) {
        items[item.key] = {.item = &item, .leaf = block.address()};
    }
    for (const auto& child : block.children) {
        locate(child, spoiled, items);
    }
}

/// The blocks that a comparison that comes to all of them would find lost.
std::multiset<std::string> losses(const PlantedBlock& block, const std::set<u64>& spoiled) {
    if (spoiled.contains(block.address())) {
        return {describe(lost_range(block.promise))};
    }
    std::multiset<std::string> all;
    for (const auto& child : block.children) {
        all.merge(losses(child, spoiled));
    }
    return all;
}

using Line = std::tuple<btrfs::Key, ItemChange, std::string, std::string>;

struct Outcome {
    std::vector<Line> lines;
    std::multiset<std::string> lost;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string text_of(Bytes data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

struct Pair {
    MetadataImage image;
    SharingPlanter planter = SharingPlanter(image);
    PlantedBlock new_tree;
    PlantedBlock old_tree;
    std::set<u64> spoiled;

    Pair(const Items& new_items, const Items& old_items)
        : new_tree(planter.plant(new_tree_id, new_items)), old_tree(planter.plant(old_tree_id, old_items)) {}

    std::set<u64> shared() const {
        std::set<u64> of_old;
        std::set<u64> both;
        for (const auto* block : blocks_in_order(old_tree, WalkOrder::breadth_first)) {
            of_old.insert(block->address());
        }
        for (const auto* block : blocks_in_order(new_tree, WalkOrder::breadth_first)) {
            if (of_old.contains(block->address())) {
                both.insert(block->address());
            }
        }
        return both;
    }
    void spoil(u64 address) {
        if (spoiled.insert(address).second) {
            image.spoil(address);
        }
    }

    Outcome expected(bool may_share) const {
        LocatedItems new_items;
        LocatedItems old_items;
        locate(new_tree, spoiled, new_items);
        locate(old_tree, spoiled, old_items);
        std::set<btrfs::Key> keys;
        for (const auto* items : {&new_items, &old_items}) {
            for (const auto& [key, located] : *items) {
                keys.insert(key);
            }
        }
        Outcome outcome;
        for (const auto& key : keys) {
            const auto here = new_items.find(key);
            const auto there = old_items.find(key);
            if (there == old_items.end()) {
                outcome.lines.emplace_back(key, ItemChange::added, text_of(here->second.item->data), "");
            } else if (here == new_items.end()) {
                outcome.lines.emplace_back(key, ItemChange::deleted, "", text_of(there->second.item->data));
            } else if (!may_share || here->second.leaf != there->second.leaf) {
                const bool same = here->second.item->data == there->second.item->data;
                outcome.lines.emplace_back(key, same ? ItemChange::same : ItemChange::changed,
                                           text_of(here->second.item->data), text_of(there->second.item->data));
            }
        }
        outcome.lost = losses(new_tree, spoiled);
        outcome.lost.merge(losses(old_tree, spoiled));
        return outcome;
    }

    static Outcome run(TreeDiff& diff) {
        Outcome outcome;
        for (int steps = 0; steps < 100000; ++steps) {
            const auto next = diff.next();
            if (!next) {
                CHECK(next.error().kind == ErrorKind::damaged);
                const auto& message = next.error().message;
                outcome.lost.insert(message.substr(0, message.find("; [")));
                continue;
            }
            if (!*next) {
                CHECK_FALSE(diff.next()->has_value());
                return outcome;
            }
            const auto& found = **next;
            CHECK((!found.new_item || found.new_item.key() == found.key));
            CHECK((!found.old_item || found.old_item.key() == found.key));
            CHECK((found.change == ItemChange::added) == !found.old_item);
            CHECK((found.change == ItemChange::deleted) == !found.new_item);
            outcome.lines.emplace_back(found.key, found.change,
                                       found.new_item ? text_of(found.new_item.data()) : std::string(),
                                       found.old_item ? text_of(found.old_item.data()) : std::string());
        }
        FAIL("it does not end");
        return outcome;
    }

    Outcome found(bool may_share, bool one_cache = true) {
        const Volume volume = image.open();
        const BlockReader reader(volume);
        BlockCache cache(reader, 1 << 20);
        BlockCache other_cache(reader, 1);
        TreeDiff diff({.cache = &cache, .root = new_tree.promise},
                      {.cache = one_cache ? &cache : &other_cache, .root = old_tree.promise}, may_share);
        return run(diff);
    }
};

/// Writes down which bytes will be wanted.
class PrefetchedDevice final : public ForwardingDevice {
public:
    PrefetchedDevice(std::unique_ptr<BlockDevice> below, std::vector<std::pair<u64, u64>>& wanted)
        : ForwardingDevice(std::move(below)), wanted_(&wanted) {}

    void prefetch(u64 offset, u64 length_bytes) const override { wanted_->emplace_back(offset, length_bytes); }

private:
    std::vector<std::pair<u64, u64>>* wanted_;
};

/// The addresses of the blocks that a comparison of these sides prefetches, through caches that keep next to nothing.
std::multiset<u64> prefetched(Pair& pair, bool with_old) {
    std::vector<std::pair<u64, u64>> wanted;
    Devices devices = list(std::make_unique<PrefetchedDevice>(pair.image.device(1), wanted));
    const Volume volume = pair.image.open(std::move(devices));
    const BlockReader reader(volume);
    BlockCache cache(reader, 1);
    BlockCache old_cache(reader, 1);
    TreeDiff diff({.cache = &cache, .root = pair.new_tree.promise},
                  {.cache = with_old ? &old_cache : nullptr, .root = pair.old_tree.promise}, with_old);
    Pair::run(diff);
    const auto& chunk = pair.image.chunks().back();
    std::multiset<u64> addresses;
    for (const auto& [offset, length] : wanted) {
        for (u64 done = 0; done < length; done += reader.nodesize()) {
            addresses.insert(offset + done - chunk.stripes.front().offset + chunk.start.bytenr);
        }
    }
    return addresses;
}

Items random_items(std::mt19937_64& random, u64 count, u64 range) {
    Items items;
    for (u64 i = 0; i < count; ++i) {
        items[key_of(random() % range)] = std::to_string(random() % 1000);
    }
    return items;
}

/// Some runs of keys deleted, some items added or changed.
Items changed_items(std::mt19937_64& random, Items items, u64 range, u64 changes) {
    for (u64 i = 0; i < changes; ++i) {
        const auto key = key_of(random() % range);
        switch (random() % 3) {
        case 0: {
            auto first = items.lower_bound(key);
            for (u64 n = random() % 20; n > 0 && first != items.end(); --n) {
                first = items.erase(first);
            }
            break;
        }
        case 1: items[key] = "changed " + std::to_string(random() % 1000); break;
        default:
            for (u64 n = random() % 20; n > 0; --n) {
                items[key_of(random() % range)] = "added";
            }
        }
    }
    return items;
}

Pair random_pair(std::mt19937_64& random) {
    constexpr u64 range = 600;
    const auto old_items = random_items(random, std::array{u64{0}, u64{4}, u64{60}, u64{500}}[random() % 4], range);
    return {random() % 8 == 0 ? random_items(random, random() % 300, range)
                              : changed_items(random, old_items, range, random() % 5),
            old_items};
}

} // namespace

TEST_CASE("random pairs of trees: every item in a block of one tree alone is handed out, in order") {
    std::mt19937_64 random(71);
    std::size_t shared = 0;
    std::size_t levels = 0;
    for (unsigned round = 0; round < rounds(25, 150); ++round) {
        CAPTURE(round);
        auto pair = random_pair(random);
        shared += pair.shared().size();
        levels = std::max<std::size_t>(levels, pair.old_tree.level());
        CHECK(pair.found(false) == pair.expected(false));
        // What is shared is not even read.
        for (const u64 address : pair.shared()) {
            pair.image.spoil(address);
        }
        CHECK(pair.found(true, round % 2 == 0) == pair.expected(true));
    }
    CHECK(shared > 13 * rounds(25, 150));
    CHECK(levels >= 3);
}

TEST_CASE("random damage: each loss is told once, and all that is left is handed out") {
    std::mt19937_64 random(72);
    std::size_t losses = 0;
    for (unsigned round = 0; round < rounds(25, 150); ++round) {
        CAPTURE(round);
        auto pair = random_pair(random);
        const auto shared = pair.shared();
        for (const auto* tree : {&pair.new_tree, &pair.old_tree}) {
            const auto blocks = blocks_in_order(*tree, WalkOrder::breadth_first);
            for (u64 i = random() % 4; i > 0; --i) {
                if (const u64 victim = blocks[random() % blocks.size()]->address(); !shared.contains(victim)) {
                    pair.spoil(victim);
                }
            }
        }
        const auto expected = pair.expected(true);
        losses += expected.lost.size();
        CHECK(pair.found(true) == expected);
        CHECK(pair.found(false) == pair.expected(false));
    }
    CHECK(2 * losses > rounds(25, 150));
}

TEST_CASE("one tree alone: all of its items, as added or deleted") {
    std::mt19937_64 random(73);
    Pair pair(random_items(random, 300, 600), {});
    const Volume volume = pair.image.open();
    const BlockReader reader(volume);
    BlockCache cache(reader, 1);
    const TreeDiff::Side side{.cache = &cache, .root = pair.new_tree.promise};
    const auto expected = pair.expected(true);
    REQUIRE(expected.lines.size() > 200);
    TreeDiff all(side);
    CHECK(Pair::run(all) == expected);
    TreeDiff added(side, {}, true);
    CHECK(Pair::run(added) == expected);
    TreeDiff deleted({}, side, true);
    const auto found = Pair::run(deleted);
    REQUIRE(found.lines.size() == expected.lines.size());
    for (std::size_t i = 0; i < found.lines.size(); ++i) {
        CHECK(std::get<0>(found.lines[i]) == std::get<0>(expected.lines[i]));
        CHECK(std::get<1>(found.lines[i]) == ItemChange::deleted);
        CHECK(std::get<3>(found.lines[i]) == std::get<2>(expected.lines[i]));
    }
    TreeDiff nothing({}, {}, true);
    CHECK(Pair::run(nothing) == Outcome{});
}

TEST_CASE("what is shared is not prefetched, all else once") {
    std::mt19937_64 random(76);
    std::size_t own = 0;
    std::size_t own_prefetched = 0;
    for (unsigned round = 0; round < rounds(12, 60); ++round) {
        CAPTURE(round);
        auto pair = random_pair(random);
        std::multiset<u64> below_root;
        const auto blocks = blocks_in_order(pair.new_tree, WalkOrder::breadth_first);
        for (const auto* block : std::span(blocks).subspan(1)) {
            below_root.insert(block->address());
        }
        CHECK(prefetched(pair, false) == below_root);

        const auto shared = pair.shared();
        const auto found = prefetched(pair, true);
        for (const u64 address : found) {
            CHECK_FALSE(shared.contains(address));
            CHECK(found.count(address) == 1);
        }
        own_prefetched += found.size();
        own += blocks.size() + blocks_in_order(pair.old_tree, WalkOrder::breadth_first).size() - 2 * shared.size();
    }
    // But for roots, and where the other side is not known yet.
    CHECK(own > 16 * rounds(12, 60));
    CHECK(own_prefetched * 10 > own * 9);
}

TEST_CASE("equal addresses of two generations are two blocks") {
    std::mt19937_64 random(74);
    Pair pair(random_items(random, 300, 600), {});
    const Volume volume = pair.image.open();
    const BlockReader reader(volume);
    BlockCache cache(reader, 1 << 20);
    auto older = pair.new_tree.promise;
    older.generation = *older.generation - 1;
    TreeDiff diff({.cache = &cache, .root = pair.new_tree.promise}, {.cache = &cache, .root = older}, true);
    const auto found = Pair::run(diff);
    CHECK(found.lines == pair.expected(true).lines);
    CHECK(found.lost.size() == 1);
    TreeDiff same({.cache = &cache, .root = pair.new_tree.promise}, {.cache = &cache, .root = pair.new_tree.promise},
                  true);
    CHECK(Pair::run(same) == Outcome{});
}

TEST_CASE("nodes that point to themselves or upwards end the comparison there") {
    std::mt19937_64 random(75);
    for (unsigned round = 0; round < rounds(12, 60); ++round) {
        auto pair = random_pair(random);
        for (const auto* tree : {&pair.new_tree, &pair.old_tree}) {
            const auto blocks = blocks_in_order(*tree, WalkOrder::breadth_first);
            const auto& victim = *blocks[random() % blocks.size()];
            if (victim.level() == 0) {
                continue;
            }
            const u64 target = random() % 2 == 0 ? victim.address() : tree->address();
            pair.image.change(victim.address(), [&](Block& block) {
                pointer_in(block, static_cast<u32>(random() % victim.children.size())).blockptr = target;
                if (random() % 4 == 0) {
                    header_in(block).level = static_cast<u8>(random());
                }
            });
        }
        CAPTURE(round);
        for (const bool may_share : {true, false}) {
            const auto lines = pair.found(may_share).lines;
            CHECK(
                std::ranges::is_sorted(lines, std::ranges::less(), [](const Line& line) { return std::get<0>(line); }));
            CHECK(lines.size() <= 1200);
        }
    }
}

} // namespace tree_diff_test
