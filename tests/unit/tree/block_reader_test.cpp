// SPDX-License-Identifier: MIT
// Which copy of a block is taken, and what is said about the others.
#include "libfs/tree/block_reader.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/block_batch.h"
#include "tests/support/device_lists.h"
#include "tests/support/faulty_device.h"
#include "tests/support/metadata_image.h"

#include <doctest/doctest.h>

namespace block_reader_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::vector<LeafItem> some_items(u64 count) {
    std::vector<LeafItem> items;
    for (u64 i = 0; i < count; ++i) {
        items.push_back({{256 + i, btrfs::item_type::string_item, i}, bytes_from("item")});
    }
    return items;
}

/// A tree of two levels in two copies, and the leaf in its middle.
struct Mirrored {
    explicit Mirrored(u64 profile = btrfs::block_group_raid1) : image(profile) {}

    MetadataImage image;
    PlantedBlock tree = image.plant(btrfs::uuid_tree_id, some_items(20));
    Promise leaf = tree.children[1].promise;
    Block buffer = Block(4096);

    ReadBlock read() {
        const Volume volume = image.open();
        return BlockReader(volume).read(leaf, buffer);
    }
    /// Changes the leaf's first copy, but not its checksum's being right.
    void change_first(const std::function<void(Block&)>& change) { image.change_copy(leaf.address.bytenr, 1, change); }
};

/// Proven by another copy than the first, which has this problem.
void check_second_copy(Mirrored& mirrored, ProblemCode code) {
    const auto result = mirrored.read();
    CHECK(result.state == BlockState::proven);
    CHECK(codes(result.problems) == std::vector{code});
    for (const auto& problem : result.problems) {
        CHECK(problem.place.mirror == 1u);
        CHECK(problem.place.logical == mirrored.leaf.address);
        CHECK(problem.place.tree == btrfs::uuid_tree_id);
    }
    CHECK(mirrored.buffer == build_leaf(mirrored.image.geometry(),
                                        {.address = mirrored.leaf.address.bytenr,
                                         .owner = btrfs::uuid_tree_id,
                                         .generation = mirrored.image.generation()},
                                        mirrored.tree.children[1].items));
}

} // namespace

TEST_CASE("a good block is proven, and nothing is said about its other copy") {
    Mirrored mirrored;
    mirrored.image.spoil(mirrored.leaf.address.bytenr, 2);
    const auto result = mirrored.read();
    CHECK(result.state == BlockState::proven);
    CHECK(result.problems.empty());
    CHECK(result.block().key(0) == *mirrored.leaf.first_key);
}

TEST_CASE("where a copy is not what was promised, the next is taken") {
    Mirrored mirrored;
    SUBCASE("checksum") {
        mirrored.image.spoil(mirrored.leaf.address.bytenr, 1);
        check_second_copy(mirrored, ProblemCode::block_checksum);
    }
    SUBCASE("address") {
        mirrored.change_first([](Block& block) { header_in(block).bytenr = 4096; });
        check_second_copy(mirrored, ProblemCode::block_bytenr);
    }
    SUBCASE("generation") {
        mirrored.change_first([](Block& block) { header_in(block).generation = 17; });
        check_second_copy(mirrored, ProblemCode::block_generation);
    }
    SUBCASE("owner") {
        mirrored.change_first([](Block& block) { header_in(block).owner = btrfs::csum_tree_id; });
        check_second_copy(mirrored, ProblemCode::block_owner);
    }
    SUBCASE("first key") {
        mirrored.change_first([](Block& block) { item_in(block, 0).key.objectid = 1; });
        check_second_copy(mirrored, ProblemCode::block_first_key);
    }
    SUBCASE("level") {
        mirrored.change_first([](Block& block) { header_in(block).level = 1; });
        const auto result = mirrored.read();
        CHECK(result.state == BlockState::proven);
        REQUIRE_FALSE(result.problems.empty());
        CHECK(result.problems.front().code == ProblemCode::block_level);
    }
    SUBCASE("items out of order") {
        mirrored.change_first([](Block& block) { std::swap(item_in(block, 1).key, item_in(block, 2).key); });
        check_second_copy(mirrored, ProblemCode::leaf_key_order);
    }
    SUBCASE("items that belong behind the next block") {
        mirrored.change_first([](Block& block) { item_in(block, 4).key = btrfs::DiskKey::from(btrfs::Key::max()); });
        check_second_copy(mirrored, ProblemCode::leaf_key_order);
    }
}

TEST_CASE("without a good copy the block is lost, and each copy's problem is told") {
    for (const u64 profile : {btrfs::block_group_dup, btrfs::block_group_raid1, btrfs::block_group_raid1c3}) {
        Mirrored mirrored(profile);
        mirrored.image.spoil(mirrored.leaf.address.bytenr);
        const auto result = mirrored.read();
        CHECK(result.state == BlockState::lost);
        CHECK_FALSE(result.proven);
        REQUIRE(result.problems.size() == mirrored.image.copies());
        for (unsigned i = 0; i < mirrored.image.copies(); ++i) {
            CHECK(result.problems[i].code == ProblemCode::block_checksum);
            CHECK(result.problems[i].place.mirror == i + 1);
        }
    }
}

TEST_CASE("the promised block that is not well-formed is malformed, and is in the buffer") {
    Mirrored mirrored;
    const u64 address = mirrored.leaf.address.bytenr;
    const auto reorder = [](Block& block) { std::swap(item_in(block, 1).key, item_in(block, 2).key); };
    SUBCASE("all copies") {
        mirrored.image.change(address, reorder);
        const auto result = mirrored.read();
        CHECK(result.state == BlockState::malformed);
        CHECK(codes(result.problems) == std::vector{ProblemCode::leaf_key_order, ProblemCode::leaf_key_order});
        CHECK(mirrored.buffer == mirrored.image.block(address));
    }
    SUBCASE("the first, and the second is not it at all") {
        mirrored.image.change_copy(address, 1, reorder);
        mirrored.image.spoil(address, 2);
        const auto result = mirrored.read();
        CHECK(result.state == BlockState::malformed);
        CHECK(codes(result.problems) == std::vector{ProblemCode::leaf_key_order, ProblemCode::block_checksum});
        CHECK(mirrored.buffer == mirrored.image.block(address));
    }
    SUBCASE("the second, and the first is not it at all") {
        mirrored.image.change_copy(address, 2, reorder);
        mirrored.image.spoil(address, 1);
        const auto result = mirrored.read();
        CHECK(result.state == BlockState::malformed);
        CHECK(std::ranges::equal(mirrored.buffer, mirrored.image.copy(address, 2)));
    }
}

TEST_CASE("an address that no chunk holds is lost") {
    Mirrored mirrored;
    mirrored.leaf = {.address = {u64{1} << 40}};
    const auto result = mirrored.read();
    CHECK(result.state == BlockState::lost);
    CHECK(codes(result.problems) == std::vector{ProblemCode::block_unreadable});
}

TEST_CASE("what a missing or failing device held is read from the other one") {
    Mirrored mirrored;
    auto& image = mirrored.image;
    for (const u64 lost : image.devids()) {
        Devices one;
        one.push_back(image.device(3 - lost));
        const Volume volume = image.open(std::move(one));
        const auto result = BlockReader(volume).read(mirrored.leaf, mirrored.buffer);
        CHECK(result.state == BlockState::proven);
        CHECK(result.problems.empty()); // that a device is missing is said once, and not for every block
    }
    const auto fail_everything = [&](u64 devid) -> std::unique_ptr<BlockDevice> {
        return std::make_unique<FaultyDevice>(image.device(devid),
                                              std::vector<FaultyDevice::Range>{{128 << 10, image.super().total_bytes}});
    };
    Volume volume = image.open(list(fail_everything(1), image.device(2)));
    auto result = BlockReader(volume).read(mirrored.leaf, mirrored.buffer);
    CHECK(result.state == BlockState::proven);
    CHECK(codes(result.problems) == std::vector{ProblemCode::block_unreadable});
    CHECK(result.problems[0].place.mirror == 1u);

    volume = image.open(list(fail_everything(1), fail_everything(2)));
    result = BlockReader(volume).read(mirrored.leaf, mirrored.buffer);
    CHECK(result.state == BlockState::lost);
    CHECK(codes(result.problems) == std::vector{ProblemCode::block_unreadable, ProblemCode::block_unreadable});
}

TEST_CASE("the less is promised, the less is proven") {
    Mirrored mirrored;
    mirrored.image.change(mirrored.leaf.address.bytenr, [](Block& block) {
        header_in(block).generation = 3;
        header_in(block).owner = btrfs::csum_tree_id;
    });
    CHECK(mirrored.read().state == BlockState::lost);
    mirrored.leaf = {.address = mirrored.leaf.address};
    CHECK(mirrored.read().state == BlockState::proven);
}

TEST_CASE("many blocks at once are what each is alone") {
    Mirrored mirrored;
    auto& image = mirrored.image;
    const auto tree = image.plant(btrfs::csum_tree_id, some_items(60));
    std::vector<Promise> promises = {{.address = {1 << 30}}};
    for (const auto* block : blocks_in_order(tree, WalkOrder::breadth_first)) {
        promises.push_back(block->promise);
    }
    std::ranges::rotate(promises, promises.begin() + 5);
    promises.push_back(promises[3]); // the same twice
    image.spoil(promises[1].address.bytenr, 1);
    image.spoil(promises[2].address.bytenr);
    image.change(promises[4].address.bytenr, [](Block& block) { item_in(block, 0).offset = 1; });
    image.change_copy(promises[5].address.bytenr, 1, [](Block& block) { header_in(block).generation = 1; });

    const Volume volume = image.open();
    const BlockReader reader(volume);
    Block together(promises.size() * 4096);
    const auto results = reader.read_many(promises, together);
    REQUIRE(results.size() == promises.size());
    for (std::size_t i = 0; i < promises.size(); ++i) {
        CAPTURE(i);
        const auto alone = reader.read(promises[i], mirrored.buffer);
        CHECK(results[i].state == alone.state);
        CHECK(codes(results[i].problems) == codes(alone.problems));
        if (alone.state != BlockState::lost) {
            CHECK(std::ranges::equal(mirrored.buffer, Bytes(together).subspan(i * 4096, 4096)));
        }
        if (alone.state == BlockState::proven) {
            CHECK(results[i].block().bytes().data() == together.data() + i * 4096);
        }
    }
    CHECK(results[1].state == BlockState::proven);
    CHECK(results[2].state == BlockState::lost);
    CHECK(results[4].state == BlockState::malformed);
    CHECK(results[5].state == BlockState::proven);
    CHECK(reader.read_many({}, {}).empty());
}

TEST_CASE("an owned block outlives its move") {
    Mirrored mirrored;
    const Volume volume = mirrored.image.open();
    OwnedBlock first(BlockReader(volume), mirrored.leaf);
    const OwnedBlock second = std::move(first);
    CHECK(second.is_proven());
    CHECK(second.block().key(0) == *mirrored.leaf.first_key);
    CHECK(second.view().key(1) == mirrored.tree.children[1].items[1].key);
}

TEST_CASE("batches take blocks from a walk until they are full") {
    Mirrored mirrored;
    const auto tree = mirrored.image.plant(btrfs::csum_tree_id, some_items(700));
    const auto all = blocks_in_order(tree, WalkOrder::breadth_first);
    mirrored.image.spoil(all[70]->address());
    const Volume volume = mirrored.image.open();
    const BlockReader reader(volume);
    TreeWalk walk(reader, tree.promise, WalkOrder::breadth_first);
    Block buffer(BlockBatch::size_bytes);
    std::size_t seen = 0;
    for (const std::size_t expected : {std::size_t{64}, std::size_t{3}, std::size_t{64}}) {
        BlockBatch batch(buffer, 4096);
        batch.gather(walk, expected == 3 ? 3 : BlockBatch::as_many_as_fit);
        batch.read(reader);
        REQUIRE(batch.size() == expected);
        for (std::size_t i = 0; i < batch.size(); ++i, ++seen) {
            CHECK(batch.promise(i).address.bytenr == all[seen]->address());
            CHECK((batch.result(i).state == BlockState::lost) == (seen == 70));
            if (seen != 70) {
                CHECK(batch.view(i).header().bytenr == all[seen]->address());
            }
        }
    }
    BlockBatch rest(buffer, 4096);
    rest.gather(walk);
    CHECK(rest.size() == all.size() - seen);
    BlockBatch nothing(buffer, 4096);
    nothing.gather(walk);
    nothing.read(reader);
    CHECK(nothing.size() == 0);
}

} // namespace block_reader_test
