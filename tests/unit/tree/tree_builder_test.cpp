// SPDX-License-Identifier: MIT
// Trees built bottom-up: what a walk reads back is what was added, in as few blocks as can be.
#include "libfs/tree/tree_builder.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/tree_block.h"
#include "tests/support/build_leaf.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace tree_builder_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Keeps sealed blocks by address.
class MemorySink final : public BlockSink {
public:
    explicit MemorySink(const Geometry& geometry) : geometry_(geometry) {}

    Result<Logical> place(u64, u8) override {
        if (blocks.size() == room) {
            return fail(ErrorKind::no_space, "full");
        }
        return Logical{(u64{30} << 20) + blocks.size() * geometry_.nodesize};
    }
    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override {
        std::vector<std::byte> copy(bytes.begin(), bytes.end());
        seal_block(geometry_, copy);
        blocks[block.address.bytenr] = std::move(copy);
        built.push_back(block);
        return {};
    }

    std::map<u64, std::vector<std::byte>> blocks;
    std::vector<BuiltBlock> built;
    std::size_t room = ~std::size_t{0};

private:
    Geometry geometry_;
};

/// Reads a tree back, proving each block as its parent promises it.
class Reader {
public:
    Reader(const Geometry& geometry, const MemorySink& sink) : geometry_(geometry), sink_(sink) {}

    void read(const Promise& promise) {
        Problems problems;
        const auto block = TreeBlock::prove(sink_.blocks.at(promise.address.bytenr), geometry_, promise, problems);
        REQUIRE_MESSAGE(block, problems.front().detail);
        for (u32 i = 0; i < block->count(); ++i) {
            if (block->is_leaf()) {
                items.push_back({block->key(i), {block->item_data(i).begin(), block->item_data(i).end()}});
            } else {
                read({.address = {block->pointer(i).blockptr},
                      .generation = u64{block->pointer(i).generation},
                      .level = static_cast<u8>(block->header().level - 1),
                      .tree = promise.tree,
                      .first_key = block->key(i)});
            }
        }
    }

    std::vector<LeafItem> items;

private:
    const Geometry& geometry_;
    const MemorySink& sink_;
};

TreeIdentity identity() {
    return {.tree = btrfs::uuid_tree_id, .generation = 100, .chunk_tree_uuid = {}};
}

std::vector<LeafItem> random_items(std::size_t count, u32 max_size, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<LeafItem> items;
    for (std::size_t i = 0; i < count; ++i) {
        items.push_back({{256 + i / 3, btrfs::item_type::string_item, i % 3},
                         std::vector<std::byte>(random() % (max_size + 1), std::byte(i))});
    }
    return items;
}

struct Built {
    explicit Built(const Geometry& geometry) : sink(geometry) {}

    MemorySink sink;
    Result<BuiltTree> tree = BuiltTree{};
};

void build(Built& built, const Geometry& geometry, const std::vector<LeafItem>& items) {
    TreeBuilder builder(geometry, identity(), built.sink);
    for (const auto& item : items) {
        REQUIRE(builder.add(item.key, item.data));
    }
    built.tree = builder.finish();
    REQUIRE(built.tree);
}

bool same(const std::vector<LeafItem>& a, const std::vector<LeafItem>& b) {
    return std::ranges::equal(a, b,
                              [](const LeafItem& x, const LeafItem& y) { return x.key == y.key && x.data == y.data; });
}

} // namespace

TEST_CASE("a built tree holds its items, proven block by block, whatever their sizes and number") {
    const Geometry geometry = sample_geometry();
    for (const std::size_t count : {0, 1, 2, 100, 5000, 40000}) {
        for (const u32 max_size : {0U, 100U, btrfs::max_item_size(geometry.nodesize)}) {
            CAPTURE(count);
            CAPTURE(max_size);
            if (max_size > 1000 && count > 5000) {
                continue;
            }
            const auto items = random_items(count, max_size, static_cast<unsigned>(count));
            Built built(geometry);
            build(built, geometry, items);
            CHECK(built.tree->block_count == built.sink.blocks.size());
            Reader reader(geometry, built.sink);
            reader.read({.address = built.tree->root,
                         .generation = 100,
                         .level = built.tree->level,
                         .tree = btrfs::uuid_tree_id});
            CHECK(same(reader.items, items));
        }
    }
}

TEST_CASE("leaves and nodes are full: a block is begun only where the next item does not fit the last one") {
    const Geometry geometry = sample_geometry();
    const u32 item_bytes = 100;
    const u64 in_a_leaf = btrfs::leaf_data_size(geometry.nodesize) / (sizeof(btrfs::ItemHeader) + item_bytes);
    const u64 in_a_node = btrfs::node_capacity(geometry.nodesize);
    for (const u64 count : {in_a_leaf, in_a_leaf + 1, in_a_leaf * in_a_node, in_a_leaf * in_a_node + 1}) {
        std::vector<LeafItem> items;
        for (u64 i = 0; i < count; ++i) {
            items.push_back({{256 + i, btrfs::item_type::string_item, 0}, std::vector<std::byte>(item_bytes)});
        }
        Built built(geometry);
        build(built, geometry, items);
        const u64 leaves = (count + in_a_leaf - 1) / in_a_leaf;
        const u64 nodes = leaves == 1 ? 0 : (leaves + in_a_node - 1) / in_a_node;
        const u64 above = nodes > 1 ? 1 : 0;
        CHECK(built.tree->block_count == leaves + nodes + above);
        CHECK(built.tree->level == (leaves > 1 ? 1 : 0) + above);
    }
}

TEST_CASE("the sink learns of blocks in the order in which they are closed, with their first keys") {
    const Geometry geometry = sample_geometry();
    const auto items = random_items(500, 100, 7);
    Built built(geometry);
    build(built, geometry, items);
    CHECK(built.sink.built.back().address == built.tree->root);
    CHECK(built.sink.built.back().first_key == items.front().key);
    for (const auto& block : built.sink.built) {
        CHECK(BlockView(built.sink.blocks.at(block.address.bytenr)).key(0) == block.first_key);
        CHECK(BlockView(built.sink.blocks.at(block.address.bytenr)).header().level == block.level);
    }
}

TEST_CASE("an item that fits no leaf is refused, and a sink that is full stops the build") {
    const Geometry geometry = sample_geometry();
    MemorySink sink(geometry);
    TreeBuilder builder(geometry, identity(), sink);
    const std::vector<std::byte> too_large(btrfs::max_item_size(geometry.nodesize) + 1);
    const auto refused = builder.add({256, btrfs::item_type::string_item, 0}, too_large);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::bug);

    sink.room = 2;
    Result<void> added;
    for (u64 i = 0; added && i < 1000; ++i) {
        added = builder.add({256 + i, btrfs::item_type::string_item, 0}, std::vector<std::byte>(100));
    }
    REQUIRE_FALSE(added);
    CHECK(added.error().kind == ErrorKind::no_space);
}

} // namespace tree_builder_test
