// SPDX-License-Identifier: MIT
#include "libfs/render/superblock_text.h"

#include "libfs/render/chunk_text.h"
#include "tests/support/sample_superblock.h"

#include <doctest/doctest.h>

namespace superblock_text_test {

using namespace btrkit;
using btrkit::test::sample_superblock;

namespace {

std::string text_of(const btrfs::Superblock& super, bool full = false) {
    TextBuffer out;
    put_superblock(out, super, 65536, "disk.img", full);
    return std::string(out.view());
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string flags_text(u64 flags) {
    TextBuffer out;
    put_block_group_flags(out, flags);
    return std::string(out.view());
}

} // namespace

TEST_CASE("a superblock is printed as the peer does") {
    // Written by hand from the peer's output for such a superblock, but for the checksum.
    constexpr std::string_view head = R"(superblock: bytenr=65536, device=disk.img
---------------------------------------------------------
csum_type		0 (crc32c)
csum_size		4
csum			0x)";
    constexpr std::string_view tail = R"( [match]
bytenr			65536
flags			0x1
			( WRITTEN )
magic			_BHRfS_M [match]
fsid			f5f5f5f5-f5f5-f5f5-f5f5-f5f5f5f5f5f5
metadata_uuid		00000000-0000-0000-0000-000000000000
label			sample
generation		18
root			30507008
sys_array_size		129
chunk_root_generation	9
root_level		0
chunk_root		23068672
chunk_root_level	0
log_root		0
log_root_transid (deprecated)	0
log_root_level		0
total_bytes		536870912
bytes_used		2097152
sectorsize		4096
nodesize		16384
leafsize (deprecated)	16384
stripesize		4096
root_dir		6
num_devices		1
compat_flags		0x0
compat_ro_flags		0x3
			( FREE_SPACE_TREE |
			  FREE_SPACE_TREE_VALID )
incompat_flags		0x361
			( MIXED_BACKREF |
			  BIG_METADATA |
			  EXTENDED_IREF |
			  SKINNY_METADATA |
			  NO_HOLES )
cache_generation	0
uuid_tree_generation	18
dev_item.uuid		d1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1
dev_item.fsid		f5f5f5f5-f5f5-f5f5-f5f5-f5f5f5f5f5f5 [match]
dev_item.type		0
dev_item.total_bytes	536870912
dev_item.bytes_used	67108864
dev_item.io_align	4096
dev_item.io_width	4096
dev_item.sector_size	4096
dev_item.devid		1
dev_item.dev_group	0
dev_item.seek_speed	0
dev_item.bandwidth	0
dev_item.generation	0

)";
    const auto text = text_of(sample_superblock());
    CHECK(text.substr(0, head.size()) == head);
    CHECK(text.substr(head.size() + 8) == tail);
}

TEST_CASE("the full form has system chunks and the backups that were written") {
    constexpr std::string_view tail = R"(dev_item.generation	0
sys_chunk_array[2048]:
	item 0 key (FIRST_CHUNK_TREE CHUNK_ITEM 23068672)
		length 8388608 owner 2 stripe_len 65536 type SYSTEM|DUP
		io_align 65536 io_width 65536 sector_size 4096
		num_stripes 2 sub_stripes 1
			stripe 0 devid 1 offset 23068672
			dev_uuid d1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1
			stripe 1 devid 1 offset 31457280
			dev_uuid d1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1
backup_roots[4]:
	backup 1:
		backup_tree_root:	30507008	gen: 18	level: 0
		backup_chunk_root:	23068672	gen: 9	level: 0
		backup_extent_root:	30588928	gen: 17	level: 1
		backup_fs_root:		0	gen: 0	level: 0
		backup_dev_root:	0	gen: 0	level: 0
		csum_root:	0	gen: 0	level: 0
		backup_total_bytes:	536870912
		backup_bytes_used:	2097152
		backup_num_devices:	1


)";
    const auto text = text_of(sample_superblock(), true);
    REQUIRE(text.size() > tail.size());
    CHECK(text.substr(text.size() - tail.size()) == tail);
}

TEST_CASE("extent-tree-v2 backs up the block group root") {
    auto super = sample_superblock();
    super.incompat_flags = btrfs::incompat_extent_tree_v2;
    CHECK(contains(text_of(super, true), "\t\tbackup_block_group_root:\t30588928\tgen: 17\tlevel: 1\n"));
}

TEST_CASE("bits that the peer can't name are unknown flags") {
    auto super = sample_superblock();
    super.flags = btrfs::super_flag_error;
    super.compat_flags = 2;
    super.compat_ro_flags = btrfs::compat_ro_verity | btrfs::compat_ro_block_group_tree | btrfs::flag_bit(40);
    super.incompat_flags = btrfs::incompat_simple_quota | btrfs::incompat_remap_tree;
    const auto text = text_of(super);
    CHECK(contains(text, "flags\t\t\t0x4\n\t\t\t( unknown flag: 0x4 )\n"));
    CHECK(contains(text, "compat_flags\t\t0x2\ncompat_ro_flags\t\t0x1000000000c\n"
                         "\t\t\t( BLOCK_GROUP_TREE |\n\t\t\t  unknown flag: 0x10000000004 )\n"));
    CHECK(contains(text, "\t\t\t( SIMPLE_QUOTA |\n\t\t\t  unknown flag: 0x20000 )\n"));
}

TEST_CASE("damage is shown, not hidden") {
    auto super = sample_superblock();
    SUBCASE("another checksum") {
        super.generation = 19;
        CHECK(contains(text_of(super), " [DON'T MATCH]\nbytenr"));
    }
    SUBCASE("no such checksum algorithm") {
        super.csum_type = 62267;
        const auto text = text_of(super);
        CHECK(contains(text, "csum_type\t\t62267 (INVALID)\ncsum_size\t\t32\n"));
        CHECK(contains(text, " [UNKNOWN CSUM TYPE OR SIZE]\nbytenr"));
    }
    SUBCASE("another magic, with control characters") {
        super.magic = 0x4d5f53661b48425f;
        CHECK(contains(text_of(super), "magic\t\t\t_BH.fS_M [DON'T MATCH]\n"));
    }
    SUBCASE("a label with what a terminal would obey, and without an end") {
        super.label.fill('x');
        super.label[1] = '\x1b';
        super.label[2] = '\n';
        super.label[3] = '\xe4';
        CHECK(contains(text_of(super), "label\t\t\tx..." + std::string(252, 'x') + "\ngeneration"));
    }
    SUBCASE("the device item of another filesystem") {
        super.dev_item.fsid = {};
        CHECK(contains(text_of(super), "dev_item.fsid\t\t00000000-0000-0000-0000-000000000000 [DON'T MATCH]\n"));
    }
}

TEST_CASE("with a metadata uuid the device item has that") {
    auto super = sample_superblock();
    super.metadata_uuid = super.dev_item.uuid;
    super.dev_item.fsid = super.metadata_uuid;
    CHECK(contains(text_of(super), "dev_item.fsid\t\td1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1 [DON'T MATCH]\n"));
    super.incompat_flags = btrfs::incompat_metadata_uuid;
    CHECK(contains(text_of(super), "dev_item.fsid\t\td1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1 [match]\n"));
}

TEST_CASE("block group flags") {
    using namespace btrfs;
    CHECK(flags_text(block_group_data) == "DATA|single");
    CHECK(flags_text(block_group_data | block_group_metadata | block_group_dup) == "DATA|METADATA|DUP");
    CHECK(flags_text(block_group_system | block_group_raid1c3) == "SYSTEM|RAID1C3");
    CHECK(flags_text(block_group_raid6) == "|RAID6");
    CHECK(flags_text(block_group_metadata | block_group_raid0 | block_group_raid1) == "METADATA|UNKNOWN.0x18");
    CHECK(flags_text(0) == "|single");
}

TEST_CASE("a chunk item is printed as far as it goes") {
    auto super = sample_superblock();
    auto& chunk = test::first_sys_chunk(super);
    const Bytes item = std::as_bytes(std::span(super.sys_chunk_array)).subspan(sizeof(btrfs::DiskKey), 112);
    TextBuffer out;
    CHECK(put_chunk_item(out, item));
    const std::string whole(out.view());
    out.clear();
    chunk.num_stripes = 3;
    CHECK_FALSE(put_chunk_item(out, item));
    CHECK(contains(std::string(out.view()), "num_stripes 3 "));
    CHECK(out.size() == whole.size());
    out.clear();
    CHECK_FALSE(put_chunk_item(out, item.first(47)));
    CHECK(out.empty());
}

} // namespace superblock_text_test
