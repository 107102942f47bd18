// SPDX-License-Identifier: MIT
// What proves a tree block, and every way in which the proof fails.
#include "tests/unit/tree/item_findings.h"

namespace tree_block_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr btrfs::Key first{256, type::orphan_item, 0};
constexpr btrfs::Key second{257, type::orphan_item, 0};
constexpr btrfs::Key third{258, type::orphan_item, 0};

const BlockIdentity in_extent_tree{.owner = btrfs::extent_tree_id, .generation = 99};

Promise full_promise(u8 level = 0) {
    return {.address = {in_extent_tree.address},
            .generation = 99,
            .level = level,
            .tree = btrfs::extent_tree_id,
            .first_key = first};
}

Block a_leaf() {
    return build_leaf(sample_geometry(), in_extent_tree,
                      {{first, bytes_from("one")}, {second}, {third, bytes_from("three")}});
}
Block a_node() {
    auto identity = in_extent_tree;
    identity.level = 2;
    return build_node(sample_geometry(), identity, {{first, 4096}, {second, 8192}, {third, 12288}});
}

/// The ids of all that speaks against a block; prove() must give one exactly where there are none.
std::string proof(const Block& block, const Promise& promise, const Geometry& geometry = sample_geometry()) {
    Problems problems;
    const bool proven = TreeBlock::prove(block, geometry, promise, problems).has_value();
    CHECK(proven == problems.empty());
    for (const auto& problem : problems) {
        CHECK(problem.place.logical == promise.address);
        CHECK(problem.place.tree == promise.tree);
    }
    return ids_of(problems);
}

template <class Change>
std::string changed_proof(Block block, Change change, u8 promised_level) {
    change(block);
    seal_block(sample_geometry(), block);
    return proof(block, full_promise(promised_level));
}
template <class Change>
std::string leaf_proof(Change change) {
    return changed_proof(a_leaf(), change, 0);
}
template <class Change>
std::string node_proof(Change change) {
    return changed_proof(a_node(), change, 2);
}

std::string empty_leaf_proof(u64 owner, u64 flags = btrfs::header_flag_written,
                             const Geometry& geometry = sample_geometry()) {
    const BlockIdentity identity{.owner = owner, .flags = flags};
    return proof(build_leaf(geometry, identity, {}), {.address = {identity.address}}, geometry);
}

} // namespace

TEST_CASE("blocks that keep all promises are proven, with every checksum") {
    CHECK(proof(a_leaf(), full_promise()) == "");
    CHECK(proof(a_node(), full_promise(2)) == "");
    for (const auto& csum : btrfs::csum_types) {
        Geometry geometry = sample_geometry();
        geometry.csum_type = csum.type;
        geometry.csum_size_bytes = csum.size_bytes;
        auto block = build_leaf(geometry, in_extent_tree, {{first}});
        CHECK(proof(block, full_promise(), geometry) == "");
        block.back() ^= std::byte{1};
        CHECK(proof(block, full_promise(), geometry) == "block-checksum");
    }
}

TEST_CASE("what is not promised is not asked") {
    CHECK(proof(a_leaf(), {.address = {in_extent_tree.address}}) == "");
}

TEST_CASE("each broken promise is one finding") {
    auto promise = full_promise();
    promise.generation = 98;
    CHECK(proof(a_leaf(), promise) == "block-generation");
    promise = full_promise();
    promise.level = 1;
    CHECK(proof(a_leaf(), promise) == "block-level");
    promise = full_promise();
    promise.tree = btrfs::chunk_tree_id;
    CHECK(proof(a_leaf(), promise) == "block-owner");
    promise = full_promise();
    promise.first_key = second;
    CHECK(proof(a_leaf(), promise) == "block-first-key");
    promise = full_promise();
    promise.address.bytenr += 4096;
    CHECK(proof(a_leaf(), promise) == "block-bytenr");
    CHECK(leaf_proof([](Block& block) { header_in(block).fsid.bytes[0] ^= 1; }) == "block-fsid");
}

TEST_CASE("one of several copies: another block is lost, and its structure is not looked at") {
    const auto state_and_ids = [](const Block& block, const Promise& promise) {
        Problems problems;
        const auto copy = TreeBlock::prove_copy(block, sample_geometry(), promise, problems);
        CHECK(copy.proven.has_value() == (copy.state == BlockState::proven));
        return std::pair(copy.state, ids_of(problems));
    };
    CHECK(state_and_ids(a_leaf(), full_promise()) == std::pair(BlockState::proven, std::string()));
    auto block = a_leaf();
    item_in(block, 1).key = item_in(block, 0).key;
    seal_block(sample_geometry(), block);
    CHECK(state_and_ids(block, full_promise()) == std::pair(BlockState::malformed, std::string("leaf-key-order")));
    auto promise = full_promise();
    promise.generation = 98;
    CHECK(state_and_ids(block, promise) == std::pair(BlockState::lost, std::string("block-generation")));
    CHECK(proof(block, promise) == "block-generation leaf-key-order");
}

TEST_CASE("all broken promises are told at once") {
    const Promise promise{
        .address = {4096}, .generation = 1, .level = 3, .tree = btrfs::chunk_tree_id, .first_key = second};
    CHECK(proof(a_leaf(), promise) == "block-bytenr block-generation block-level block-owner block-first-key");
}

TEST_CASE("levels end at 7") {
    auto block = a_node();
    header_in(block).level = 8;
    seal_block(sample_geometry(), block);
    CHECK(proof(block, {.address = {in_extent_tree.address}}) == "block-level");
    header_in(block).level = 7;
    seal_block(sample_geometry(), block);
    CHECK(proof(block, {.address = {in_extent_tree.address}}) == "");
}

TEST_CASE("blocks of a seed keep its fsid") {
    auto block = a_leaf();
    Geometry geometry = sample_geometry();
    const auto seed = geometry.tree_fsid;
    geometry.tree_fsid.bytes.fill(0xaa);
    CHECK(proof(block, full_promise(), geometry) == "block-fsid");
    geometry.seed_fsids = {seed};
    CHECK(proof(block, full_promise(), geometry) == "");
}

TEST_CASE("of foreign bytes only the checksum is told; of a damaged block all the rest too") {
    CHECK(proof(Block(4096), full_promise()) == "block-checksum");
    CHECK(proof(Block(4096, std::byte{0x5a}), full_promise()) == "block-checksum");
    auto promise = full_promise();
    promise.generation = 98;
    auto block = a_leaf();
    header_in(block).csum[0] ^= 1;
    CHECK(proof(block, promise) == "block-checksum block-generation");
    header_in(block).fsid.bytes[0] ^= 1;
    CHECK(proof(block, promise) == "block-checksum block-fsid block-generation");
    header_in(block).bytenr = 4096;
    CHECK(proof(block, promise) == "block-checksum");
    header_in(block).fsid.bytes[0] ^= 1;
    CHECK(proof(block, promise) == "block-checksum block-bytenr block-generation");
}

TEST_CASE("a checksum finding says what was stored and what was computed, or that all is zero") {
    const auto detail_of = [](const Block& block) {
        Problems problems;
        TreeBlock::prove(block, sample_geometry(), full_promise(), problems);
        REQUIRE(problems.size() == 1);
        return problems.front().detail;
    };
    CHECK(detail_of(Block(4096)) == "the whole block is zero");
    auto block = a_leaf();
    header_in(block).csum = {0xde, 0xad, 0xbe, 0xef};
    CHECK(detail_of(block).starts_with("stored deadbeef, computed "));
}

TEST_CASE("owners: subvolumes share blocks, other trees have their own") {
    using namespace btrfs;
    CHECK(owner_allowed(fs_tree_id, fs_tree_id));
    CHECK(owner_allowed(fs_tree_id, 300));
    CHECK(owner_allowed(300, fs_tree_id));
    CHECK(owner_allowed(300, 256));
    CHECK_FALSE(owner_allowed(extent_tree_id, 300));
    CHECK_FALSE(owner_allowed(tree_reloc_id, 300));
    CHECK_FALSE(owner_allowed(data_reloc_tree_id, fs_tree_id));
    CHECK(owner_allowed(data_reloc_tree_id, data_reloc_tree_id));
    CHECK_FALSE(owner_allowed(fs_tree_id, data_reloc_tree_id));
    CHECK(owner_allowed(tree_log_id, tree_log_id));
    CHECK_FALSE(owner_allowed(fs_tree_id, tree_log_id));
    CHECK(owner_allowed(tree_reloc_id, tree_reloc_id));
    CHECK(owner_allowed(fs_tree_id, tree_reloc_id));
    CHECK(owner_allowed(300, tree_reloc_id));
    CHECK_FALSE(owner_allowed(extent_tree_id, tree_reloc_id));
    CHECK_FALSE(owner_allowed(0, root_tree_id));
    CHECK_FALSE(owner_allowed(u64{1} << 48, fs_tree_id)); // a quota group's id
}

TEST_CASE("nodes: number of pointers") {
    CHECK(node_proof([](Block& block) { header_in(block).nritems = 0; }) == "node-nritems");
    const u32 capacity = btrfs::node_capacity(4096);
    const auto overfull = [&](Block& block) { header_in(block).nritems = capacity + 1; };
    CHECK(node_proof(overfull) == "node-nritems");
    CHECK(node_proof([](Block& block) { header_in(block).nritems = ~u32{0}; }) == "node-nritems");
    std::vector<NodeEntry> entries;
    for (u32 slot = 0; slot < capacity; ++slot) {
        entries.push_back({{256 + slot, type::orphan_item, 0}, 4096});
    }
    auto identity = in_extent_tree;
    identity.level = 2;
    CHECK(proof(build_node(sample_geometry(), identity, entries), full_promise(2)) == "");
}

TEST_CASE("nodes: pointers and their order") {
    for (const u32 slot : {0U, 1U, 2U}) {
        CHECK(node_proof([&](Block& block) { pointer_in(block, slot).blockptr = 0; }) == "node-pointer");
        CHECK(node_proof([&](Block& block) { pointer_in(block, slot).blockptr = 4097; }) == "node-pointer");
    }
    CHECK(node_proof([](Block& block) { pointer_in(block, 1).key = btrfs::DiskKey::from(first); }) == "node-key-order");
    CHECK(node_proof([](Block& block) { pointer_in(block, 1).key = btrfs::DiskKey::from(third); }) == "node-key-order");
}

TEST_CASE("leaves: number of items") {
    CHECK(leaf_proof([](Block& block) { header_in(block).nritems = btrfs::leaf_data_size(4096) / 25 + 1; }) ==
          "leaf-nritems");
    CHECK(leaf_proof([](Block& block) { header_in(block).nritems = ~u32{0}; }) == "leaf-nritems");
}

TEST_CASE("leaves that may not be empty") {
    using namespace btrfs;
    for (const u64 owner : {root_tree_id, chunk_tree_id, dev_tree_id, fs_tree_id, data_reloc_tree_id, extent_tree_id}) {
        CHECK(empty_leaf_proof(owner) == "leaf-empty");
        CHECK(empty_leaf_proof(owner, header_flag_written | header_flag_reloc) == "");
    }
    for (const u64 owner : {csum_tree_id, uuid_tree_id, quota_tree_id, tree_log_id, u64{300}}) {
        CHECK(empty_leaf_proof(owner) == "");
    }
    CHECK(empty_leaf_proof(0) == "block-owner");
    Geometry v2 = sample_geometry();
    v2.incompat_flags |= incompat_extent_tree_v2;
    CHECK(empty_leaf_proof(extent_tree_id, header_flag_written, v2) == "");
}

TEST_CASE("a leaf whose parent promises a key is not empty") {
    const BlockIdentity identity{.owner = btrfs::csum_tree_id};
    CHECK(proof(build_leaf(sample_geometry(), identity, {}), {.address = {identity.address}, .first_key = first}) ==
          "leaf-empty");
}

TEST_CASE("leaves: key order") {
    CHECK(leaf_proof([](Block& block) { item_in(block, 1).key = btrfs::DiskKey::from(first); }) == "leaf-key-order");
    CHECK(leaf_proof([](Block& block) { item_in(block, 1).key = btrfs::DiskKey::from(third); }) == "leaf-key-order");
}

TEST_CASE("leaves: item data begins where the item before it ends") {
    CHECK(leaf_proof([](Block& block) { item_in(block, 2).size = 4; }) == "leaf-item-offset");
    CHECK(leaf_proof([](Block& block) { item_in(block, 0).size = 2; }) == "leaf-item-offset");
    CHECK(leaf_proof([](Block& block) { item_in(block, 2).size = ~u32{0}; }) == "leaf-item-offset");
    // both the item itself and the one behind it are out of place
    CHECK(leaf_proof([](Block& block) { item_in(block, 1).offset = 1000; }) == "leaf-item-offset leaf-item-offset");
    CHECK(leaf_proof([](Block& block) { item_in(block, 1).offset = ~u32{0}; }) == "leaf-item-offset leaf-item-offset");
}

TEST_CASE("leaves: items that fit each other but lie outside the block") {
    CHECK(leaf_proof([](Block& block) {
              item_in(block, 0).offset = 5000;
              item_in(block, 1).offset = 5000;
              item_in(block, 2).offset = 4995;
          }) == "leaf-item-offset leaf-item-offset leaf-item-offset");
}

TEST_CASE("leaves: item data does not lie on the item headers") {
    const u32 end = btrfs::leaf_data_size(4096);
    const auto stretch = [&](u32 offset) {
        return [=](Block& block) {
            item_in(block, 2).size = end - 3 - offset;
            item_in(block, 2).offset = offset;
        };
    };
    CHECK(leaf_proof(stretch(75)) == "");
    CHECK(leaf_proof(stretch(74)) == "leaf-item-overlap");
    CHECK(leaf_proof(stretch(0)) == "leaf-item-overlap");
}

TEST_CASE("structure findings name slot and key") {
    auto block = a_leaf();
    item_in(block, 2).size = 4;
    Problems problems;
    CHECK_FALSE(check_structure(BlockView(block), sample_geometry(), full_promise(), problems));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].place.slot == 2U);
    CHECK(problems[0].place.key == third);
    CHECK(problems[0].detail == "data at 3987 with 4 bytes ends at 3991 instead of 3992");
}

} // namespace tree_block_test
