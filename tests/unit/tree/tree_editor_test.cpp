// SPDX-License-Identifier: MIT
// Random trees and edits: what a walk reads back equals a plain map, in blocks that are full enough, and of the old
// tree only that was read and replaced that had to be.
#include "formats/btrfs/item_types.h"
#include "tests/support/edited_tree.h"
#include "tests/support/effort.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

namespace tree_editor_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

using Model = TreeItems;

/// Keys that check_items() has nothing against in the uuid tree.
btrfs::Key key_of(u64 number) {
    return {number / 7, btrfs::item_type::uuid_key_subvol, number % 7};
}

std::vector<std::byte> body_of(std::mt19937& random, bool may_be_long) {
    std::vector<std::byte> body(8 * (1 + random() % (may_be_long && random() % 10 == 0 ? 400 : 12)));
    std::ranges::generate(body, [&] { return static_cast<std::byte>(random()); });
    return body;
}

/// Edits of random kinds in random places, and what they make of the model.
std::vector<OwnEdit> random_edits(std::mt19937& random, Model& model, u64 most) {
    std::map<btrfs::Key, OwnEdit> edits;
    const u64 count = random() % most;
    const u64 from = random() % 2000;
    const u64 stretch = 1 + random() % 2000;
    const auto erased_of_ten = random() % 11;
    for (u64 i = 0; i < count; ++i) {
        const auto key = key_of(from + random() % stretch);
        if (random() % 10 < erased_of_ten) {
            if (model.contains(key) && !edits.contains(key)) {
                edits[key] = {.key = key, .body = std::nullopt};
            }
        } else {
            edits[key] = {.key = key, .body = body_of(random, true)};
        }
    }
    std::vector<OwnEdit> sorted;
    for (auto& [key, edit] : edits) {
        if (edit.body) {
            model[key] = *edit.body;
        } else {
            model.erase(key);
        }
        sorted.push_back(std::move(edit));
    }
    return sorted;
}

} // namespace

TEST_CASE("Random edits make of a random tree what they make of a map") {
    for (u32 seed = 1; seed <= rounds(6, 200); ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        EditedTreeOnDisk tree;
        Model model;
        for (unsigned round = 0; round < 40; ++round) {
            CAPTURE(round);
            const auto before = model;
            const auto edits = random_edits(random, model, random() % 3 == 0 ? 500 : 12);
            const auto edited = tree.apply(edits);
            REQUIRE_MESSAGE(edited, (edited ? "" : edited.error().message));
            std::set<u64> reached;
            REQUIRE(tree.read_all(reached) == model);
            // No block is lost, none is left over.
            REQUIRE(reached == tree.live);
            // What was told is the difference.
            auto told = before;
            for (const auto& [key, body] : tree.told_gone) {
                REQUIRE(told.at(key) == body);
                told.erase(key);
            }
            for (const auto& [key, body] : tree.told_new) {
                REQUIRE(told.emplace(key, body).second);
            }
            REQUIRE(told == model);
        }
    }
}

TEST_CASE("An edit costs the path to it, whatever the size of the tree") {
    EditedTreeOnDisk tree;
    std::vector<OwnEdit> all;
    for (u64 number = 0; number < 20'000; ++number) {
        all.push_back({.key = key_of(2 * number), .body = std::vector<std::byte>(8)});
    }
    REQUIRE(tree.apply(all));
    const unsigned height = *tree.root.level + 1u;
    CHECK(height == 3);
    std::mt19937 random(1);
    for (unsigned round = 0; round < 200; ++round) {
        const auto key = key_of(2 * (random() % 20'000) + 1);
        REQUIRE(tree.apply(std::vector<OwnEdit>{{.key = key, .body = std::vector<std::byte>(8)}}));
        CHECK(tree.read_count == height);
        // A full leaf divides, and maybe the node above it.
        CHECK(tree.born <= height + 2);
        CHECK(tree.small_leaves == 0);
    }
}

TEST_CASE("Leaves that lose their items join their neighbours; an emptied tree is one empty leaf") {
    EditedTreeOnDisk tree;
    std::vector<OwnEdit> all;
    for (u64 number = 0; number < 5000; ++number) {
        all.push_back({.key = key_of(number), .body = std::vector<std::byte>(16)});
    }
    REQUIRE(tree.apply(all));
    const std::size_t full_count = tree.live.size();
    std::vector<OwnEdit> gone;
    for (u64 number = 0; number < 5000; ++number) {
        if (number % 10 != 0) {
            gone.push_back({.key = key_of(number), .body = std::nullopt});
        }
    }
    std::mt19937 random(3);
    std::ranges::shuffle(gone, random);
    for (std::size_t done = 0; done < gone.size(); done += 50) {
        const auto count = std::min<std::size_t>(50, gone.size() - done);
        std::vector<OwnEdit> batch(gone.begin() + static_cast<std::ptrdiff_t>(done),
                                   gone.begin() + static_cast<std::ptrdiff_t>(done + count));
        std::ranges::sort(batch, {}, &OwnEdit::key);
        REQUIRE(tree.apply(batch));
    }
    CHECK(tree.live.size() <= full_count / 10 * 4);
    gone.clear();
    for (u64 number = 0; number < 5000; number += 10) {
        gone.push_back({.key = key_of(number), .body = std::nullopt});
    }
    const auto edited = tree.apply(gone);
    REQUIRE(edited);
    CHECK(tree.live.size() == 1);
    CHECK(*edited->root.level == 0);
}

TEST_CASE("To take out what is not there is a bug of the caller's, and told as one") {
    EditedTreeOnDisk tree;
    REQUIRE(tree.apply(std::vector<OwnEdit>{{.key = key_of(3), .body = std::vector<std::byte>(8)}}));
    const auto edited = tree.apply(std::vector<OwnEdit>{{.key = key_of(4), .body = std::nullopt}});
    REQUIRE_FALSE(edited);
    CHECK(edited.error().kind == ErrorKind::bug);
}

} // namespace tree_editor_test
