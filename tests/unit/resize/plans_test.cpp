// SPDX-License-Identifier: MIT
// Plans on paper: where extents go, and which stay.
#include "libfs/ops/resize/plans.h"

#include <doctest/doctest.h>

namespace plans_test {

using namespace btrkit;
using namespace btrkit::resize;

namespace {

constexpr u64 row = 64 * kib;

Chunk chunk_at(u64 start, u64 length, u64 type) {
    return {.start = {start}, .length = length, .type = type, .sub_stripes = 1, .stripes = {{1, start, {}}}};
}

/// One device, on which chunks lie where they lie in the filesystem's space: system, metadata, 64 MiB of data.
struct PlainSpace {
    PlainSpace() {
        chunks.add(chunk_at(mib, mib, btrfs::block_group_system));
        chunks.add(chunk_at(2 * mib, 16 * mib, btrfs::block_group_metadata));
        chunks.add(chunk_at(18 * mib, 64 * mib, btrfs::block_group_data));
        use.devices = {{.devid = 1, .uuid = {}, .size_bytes = 300 * mib}};
        use.next_start = {82 * mib};
        use.nodesize = 16 * kib;
        use.system_bytes = 16 * kib;
        use.metadata_bytes = mib;
        use.reserve_bytes = 8 * mib;
        use.block_bytes = {{mib, 16 * kib}, {2 * mib, mib}};
    }

    DeviceSizes ends() const { return {{1, use.devices.front().size_bytes}}; }

    ChunkMap chunks;
    SpaceUse use;
};

} // namespace

TEST_CASE("plans: an extent that reaches out of a dense stretch's last row moves, the others stay") {
    PlainSpace space;
    const u64 start = 18 * mib;
    const u64 dense_end = start + 20 * mib + 4 * kib;
    space.use.data = {{start, dense_end}, {dense_end + 4 * kib, dense_end + 2 * row}};
    const auto dense = dense_chunks(space.use, space.chunks, space.ends(), {});
    REQUIRE(dense.size() == 1);
    CHECK(dense.front().start.bytenr == start);
    CHECK(dense.front().length == 20 * mib + row);
    const auto packing = plan_packing(space.use, space.chunks, dense, space.ends());
    REQUIRE(packing);
    REQUIRE(packing->relocation.data.moves().size() == 1);
    CHECK(packing->relocation.data.moves().front().from == space.use.data.back());
    CHECK(packing->relocation.cut.at(start)->length == 20 * mib + row);
    CHECK(!packing->relocation.cut.at(mib));
}

TEST_CASE("plans: what lies beyond the end goes into holes, and chunks are cut there") {
    PlainSpace space;
    const u64 start = 18 * mib;
    space.use.data = {{start, start + mib}, {start + 3 * mib, start + 4 * mib}, {start + 50 * mib, start + 51 * mib}};
    const auto plan = plan_clearing(space.use, space.chunks, {}, {{1, start + 8 * mib}});
    REQUIRE(plan);
    REQUIRE(plan->data.moves().size() == 1);
    CHECK(plan->data.moves().front().from == space.use.data.back());
    CHECK(plan->data.moves().front().to == start + mib);
    CHECK(plan->cut.at(start)->length == 8 * mib);
    CHECK(plan->new_chunks.empty());
    // Below that there is room for one of two.
    CHECK(!plan_clearing(space.use, space.chunks, {}, {{1, start + 2 * mib}}));
}

TEST_CASE("plans: what is free at the ends of chunks is cut off, and empty chunks go") {
    PlainSpace space;
    const u64 start = 18 * mib;
    space.chunks.add(chunk_at(82 * mib, 32 * mib, btrfs::block_group_data));
    space.use.data = {{start + 5 * mib + 4 * kib, start + 6 * mib}};
    const auto plan = plan_trimming(space.use, space.chunks);
    REQUIRE(plan);
    CHECK(plan->cut.at(start)->start.bytenr == start + 5 * mib);
    CHECK(plan->cut.at(start)->length == mib);
    CHECK(!plan->cut.at(82 * mib));
    // Metadata keeps its blocks and the kernel's reserve.
    CHECK(plan->cut.at(2 * mib)->length == 9 * mib);
    CHECK(plan->cut.size() == 3);
}

TEST_CASE("plans: an extent as long as all that is left finds its place behind the superblock's mirror") {
    PlainSpace space;
    space.use.data = {{18 * mib, 18 * mib + 60 * mib}};
    const auto packing = plan_packing(space.use, space.chunks, {}, space.ends());
    REQUIRE(packing);
    CHECK(packing->relocation.data.moves().size() == 1);
    CHECK(packing->relocation.new_chunks.size() == 3);
    // The mirror stands at 64 MiB, in a row of its own.
    CHECK(packing->ends.at(1) == 64 * mib + row + 60 * mib);
}

TEST_CASE("plans: a packed filesystem is left as it is") {
    PlainSpace space;
    for (u64 at = 18 * mib; at < 82 * mib; at += mib) {
        space.use.data.push_back({at, at + mib});
    }
    CHECK(is_packed(space.use, space.chunks, space.ends()) == false); // metadata has more than it needs
    space.use.reserve_bytes = 15 * mib;
    CHECK(is_packed(space.use, space.chunks, space.ends()));
}

} // namespace plans_test
