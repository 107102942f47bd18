// SPDX-License-Identifier: MIT
// What a node promises of its children, and what of a promise a block keeps.
#include "libfs/tree/promise.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/build_leaf.h"

#include <doctest/doctest.h>

namespace promise_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr btrfs::Key key_of(u64 objectid) {
    return {objectid, btrfs::item_type::orphan_item, 0};
}

const BlockIdentity node_identity{.owner = 256, .generation = 99, .level = 2};

Block a_node() {
    return build_node(sample_geometry(), node_identity, {{key_of(1), 4096}, {key_of(5), 8192}, {key_of(9), 12288}});
}

} // namespace

TEST_CASE("a child ends where the next one begins, the last one where the node does") {
    const auto node = a_node();
    const Promise of_node{.tree = 257, .end = key_of(20)};
    const auto first = child_promise(BlockView(node), 0, of_node);
    CHECK(first.address == Logical{4096});
    CHECK(first.generation == BlockView(node).pointer(0).generation);
    CHECK(first.level == u8{1});
    CHECK(first.tree == u64{257});
    CHECK(first.first_key == key_of(1));
    CHECK(first.end == key_of(5));
    CHECK(child_promise(BlockView(node), 2, of_node).end == key_of(20));
    CHECK(child_promise(BlockView(node), 2, {}).end == std::nullopt);
    CHECK(child_promise(BlockView(node), 2, {}).tree == std::nullopt);
}

TEST_CASE("children of a node that is not well-formed end behind their beginning, and not behind the node") {
    auto identity = node_identity;
    const auto node = build_node(sample_geometry(), identity,
                                 {{key_of(5), 4096}, {key_of(5), 8192}, {key_of(3), 12288}, {key_of(9)}});
    CHECK(next_ascending_slot(BlockView(node), 0) == 3);
    CHECK(next_ascending_slot(BlockView(node), 3) == 4);
    CHECK(child_promise(BlockView(node), 0, {}).end == key_of(9));
    CHECK(child_promise(BlockView(node), 0, {.end = key_of(7)}).end == key_of(7));
}

TEST_CASE("each part of a promise is kept or broken by itself") {
    const auto facts = facts_of(BlockView(a_node()));
    CHECK(facts.first_key == key_of(1));
    CHECK(facts.last_key == key_of(9));
    const Promise kept{.generation = 99, .level = u8{2}, .tree = 300, .first_key = key_of(1), .end = key_of(10)};
    CHECK(keeps(facts, kept));
    CHECK(keeps(facts, {}));

    const auto broken = [&](auto change) {
        auto promise = kept;
        change(promise);
        CHECK_FALSE(keeps(facts, promise));
        return broken_parts(promise, facts);
    };
    CHECK(broken([](Promise& promise) { promise.generation = 98; }).generation);
    CHECK(broken([](Promise& promise) { promise.level = u8{1}; }).level);
    CHECK(broken([](Promise& promise) { promise.tree = btrfs::extent_tree_id; }).owner);
    CHECK(broken([](Promise& promise) { promise.first_key = key_of(2); }).first_key);
    const auto ends_early = broken([](Promise& promise) { promise.end = key_of(9); });
    CHECK(ends_early.end);
    CHECK_FALSE((ends_early.generation || ends_early.level || ends_early.owner || ends_early.first_key));
}

TEST_CASE("an empty block has no first key, and none beyond an end") {
    const auto leaf = build_leaf(sample_geometry(), {}, {});
    const auto facts = facts_of(BlockView(leaf));
    CHECK(facts.is_empty);
    CHECK(broken_parts({.first_key = btrfs::Key::min()}, facts).first_key);
    CHECK(keeps(facts, {.end = btrfs::Key::min()}));
}

} // namespace promise_test
