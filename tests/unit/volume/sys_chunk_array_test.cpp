// SPDX-License-Identifier: MIT
#include "libfs/volume/sys_chunk_array.h"

#include "tests/support/sample_superblock.h"

#include <doctest/doctest.h>

namespace sys_chunk_array_test {

using namespace btrkit;
using btrkit::test::first_sys_chunk;
using btrkit::test::sample_superblock;

TEST_CASE("the system array is taken apart") {
    auto super = sample_superblock();
    const auto array = system_chunk_items(super);
    REQUIRE(array.items.size() == 1);
    CHECK(array.items[0].key.offset == 23068672);
    CHECK(array.items[0].body.size() == btrfs::chunk_item_size(2));
    CHECK(array.damage.empty());
    super.sys_chunk_array_size = 0;
    CHECK(system_chunk_items(super).items.empty());
    CHECK(system_chunk_items(super).damage.empty());
}

TEST_CASE("the damaged item of the system array is the last") {
    auto super = sample_superblock();
    std::string damage;
    std::size_t count = 1;
    SUBCASE("no stripes") {
        first_sys_chunk(super).num_stripes = 0;
        damage = "item 0 has num_stripes 0";
    }
    SUBCASE("more stripes than the array is long") {
        first_sys_chunk(super).num_stripes = 65535;
        damage = "item 0 has num_stripes 65535 and needs 2097168 bytes, but 112 are left";
    }
    SUBCASE("the fixed part is cut off") {
        super.sys_chunk_array_size = sizeof(btrfs::DiskKey) + sizeof(btrfs::ChunkItem) - 1;
        damage = "item 0 is cut off";
    }
    SUBCASE("not a chunk") {
        super.sys_chunk_array[8] = 1;
        damage = "item 0 has key (256 INODE_ITEM 23068672), which is no chunk's";
    }
    SUBCASE("the key is cut off") {
        super.sys_chunk_array_size = sizeof(btrfs::DiskKey) - 1;
        damage = "item 0: its key is cut off";
        count = 0;
    }
    SUBCASE("longer than its place") {
        super.sys_chunk_array_size = 2049;
        damage = "its size is 2049, but it has room for 2048";
        count = 0;
    }
    const auto array = system_chunk_items(super);
    CHECK(array.damage == damage);
    CHECK(array.items.size() == count);
    CHECK((count == 0 || array.items.back().body.empty()));
}

TEST_CASE("an array that is full to the last byte of garbage ends") {
    auto super = sample_superblock();
    for (const unsigned byte : {0x00U, 0xe4U, 0xffU}) {
        super.sys_chunk_array.fill(static_cast<btrfs::u8>(byte));
        super.sys_chunk_array_size = 2048;
        CHECK_FALSE(system_chunk_items(super).damage.empty());
    }
}

} // namespace sys_chunk_array_test
