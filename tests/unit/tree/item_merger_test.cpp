// SPDX-License-Identifier: MIT
// Parts of items that share a key become one item, and blocks are sealed only if a reader would accept them.
#include "libfs/tree/item_merger.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/block_view.h"
#include "libfs/tree/seal_block.h"
#include "tests/support/build_leaf.h"

#include <doctest/doctest.h>

namespace item_merger_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Keeps the last block, sealed.
class SealingSink final : public BlockSink {
public:
    explicit SealingSink(const Geometry& geometry) : geometry_(geometry) {}

    Result<Logical> place(u64, u8) override { return Logical{u64{30} << 20}; }
    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override {
        BTRKIT_TRY(btrkit::seal_block(block, bytes, geometry_));
        last.assign(bytes.begin(), bytes.end());
        return {};
    }

    std::vector<std::byte> last;

private:
    Geometry geometry_;
};

const Geometry geometry = sample_geometry();

TreeBuilder builder(BlockSink& sink) {
    return {geometry, {.tree = btrfs::uuid_tree_id, .generation = geometry.generation, .chunk_tree_uuid = {}}, sink};
}

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

btrfs::Key string_key(u64 number) {
    return {number, btrfs::item_type::string_item, 0};
}

} // namespace

TEST_CASE("parts of one key become one item, others stand by themselves, and an item has an end") {
    SealingSink sink(geometry);
    TreeBuilder tree = builder(sink);
    ItemMerger merger(tree, 8);
    CHECK(*merger.add(string_key(1), bytes_of("abc")));
    CHECK(*merger.add(string_key(1), bytes_of("defgh")));
    CHECK_FALSE(*merger.add(string_key(1), bytes_of("i")));
    CHECK_FALSE(*merger.add(string_key(2), bytes_of("too long for it")));
    CHECK(*merger.add(string_key(3), bytes_of("xyz")));
    REQUIRE(merger.flush());
    REQUIRE(merger.flush()); // nothing is open: nothing is added
    REQUIRE(tree.finish());

    const BlockView leaf(sink.last);
    REQUIRE(leaf.count() == 2);
    CHECK(as_text(leaf.item_data(0)) == "abcdefgh");
    CHECK(leaf.key(1) == string_key(3));
    CHECK(as_text(leaf.item_data(1)) == "xyz");
}

TEST_CASE("an item that a reader would refuse, which may come from a disk, is told before its block is written") {
    SealingSink sink(geometry);
    TreeBuilder tree = builder(sink);
    // An inode item of three bytes.
    REQUIRE(tree.add({256, btrfs::item_type::inode_item, 0}, bytes_of("abc")));
    const auto finished = tree.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().kind == ErrorKind::damaged);
    CHECK(sink.last.empty());
}

} // namespace item_merger_test
