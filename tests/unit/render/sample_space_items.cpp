// SPDX-License-Identifier: MIT
#include "sample_items.h"

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

constexpr u64 bytenr = 30408704;

btrfs::ExtentItem extent(u64 flags) {
    return {3, 9, flags};
}

/// One inline reference of every kind.
Body all_inline_refs() {
    return Body()
        .add(extent(btrfs::extent_flag_data))
        .add(btrfs::InlineRef{type::extent_owner_ref, 256})
        .add(btrfs::InlineRef{type::tree_block_ref, 5})
        .add(type::extent_data_ref)
        .add(btrfs::ExtentDataRef{257, 258, 4096, 2})
        .add(btrfs::InlineRef{type::shared_block_ref, 65536})
        .add(btrfs::InlineRef{type::shared_data_ref, 131072})
        .add(btrfs::SharedDataRef{7});
}

void add_extent_items(std::vector<SampleItem>& items) {
    items.push_back(
        {"an extent",
         {bytenr, type::extent_item, 4096},
         all_inline_refs(),
         R"({"refs":3,"generation":9,"flags":1,"flags_names":["data"],"inline_refs":[)"
         R"({"type":172,"type_name":"extent_owner_ref","root_id":256},)"
         R"({"type":176,"type_name":"tree_block_ref","root":5},)"
         R"({"type":178,"type_name":"extent_data_ref","root":257,"objectid":258,"offset":4096,"count":2},)"
         R"({"type":182,"type_name":"shared_block_ref","parent":65536},)"
         R"({"type":184,"type_name":"shared_data_ref","parent":131072,"count":7}]})",
         "refs=3 generation=9 flags=0x1(DATA) inline_refs=[{type=172(EXTENT_OWNER_REF),root_id=256},"
         "{type=176(TREE_BLOCK_REF),root=5},{type=178(EXTENT_DATA_REF),root=257,objectid=258,offset=4096,count=2},"
         "{type=182(SHARED_BLOCK_REF),parent=65536},{type=184(SHARED_DATA_REF),parent=131072,count=7}]"});
    items.push_back(
        {"a tree block's extent of old",
         {bytenr, type::extent_item, 16384},
         Body().add(extent(btrfs::extent_flag_tree_block)).add(btrfs::TreeBlockInfo{{257, type::inode_item, 0}, 1}),
         R"({"refs":3,"generation":9,"flags":2,"flags_names":["tree_block"],"tree_block_info":{"key":)"
         R"({"objectid":257,"type":1,"type_name":"inode_item","offset":0},"level":1},"inline_refs":[]})",
         "refs=3 generation=9 flags=0x2(TREE_BLOCK) tree_block_info={key=(257,INODE_ITEM,0),level=1} inline_refs=[]"});
    items.push_back({"a tree block's extent",
                     {bytenr, type::metadata_item, 1},
                     Body().add(extent(btrfs::extent_flag_tree_block)).add(btrfs::InlineRef{type::tree_block_ref, 5}),
                     R"({"refs":3,"generation":9,"flags":2,"flags_names":["tree_block"],"inline_refs":[)"
                     R"({"type":176,"type_name":"tree_block_ref","root":5}]})",
                     "refs=3 generation=9 flags=0x2(TREE_BLOCK) inline_refs=[{type=176(TREE_BLOCK_REF),root=5}]"});
    items.push_back({"an owner",
                     {bytenr, type::extent_owner_ref, 0},
                     Body().add(btrfs::ExtentOwnerRef{256}),
                     R"({"root_id":256})",
                     "root_id=256"});
    items.push_back({"a tree's reference", {bytenr, type::tree_block_ref, 5}, Body(), "{}", ""});
    items.push_back({"a block's reference", {bytenr, type::shared_block_ref, 65536}, Body(), "{}", ""});
    items.push_back({"a file's reference",
                     {bytenr, type::extent_data_ref, 4711},
                     Body().add(btrfs::ExtentDataRef{257, 258, 4096, 2}),
                     R"({"refs":[{"root":257,"objectid":258,"offset":4096,"count":2}]})",
                     "refs=[{root=257,objectid=258,offset=4096,count=2}]"});
    items.push_back({"a leaf's reference",
                     {bytenr, type::shared_data_ref, 65536},
                     Body().add(btrfs::SharedDataRef{7}),
                     R"({"count":7})",
                     "count=7"});
    items.push_back({"an obsolete reference",
                     {bytenr, type::extent_ref_v0, 0},
                     Body().text("\x01"),
                     R"({"size":1,"raw":"01"})",
                     "size=1 raw=01"});
}

void add_free_space_items(std::vector<SampleItem>& items) {
    const u64 raid1_data = btrfs::block_group_data | btrfs::block_group_raid1;
    const auto group = Body().add(btrfs::BlockGroupItem{8192, 256, raid1_data});
    items.push_back({"a block group",
                     {bytenr, type::block_group_item, 8388608},
                     group,
                     R"({"used":8192,"chunk_objectid":256,"flags":17,"flags_names":["data","raid1"],)"
                     R"("remap_bytes":null,"identity_remap_count":null})",
                     "used=8192 chunk_objectid=256 flags=0x11(DATA|RAID1) remap_bytes=- identity_remap_count=-"});
    items.push_back({"a block group that can be remapped",
                     {bytenr, type::block_group_item, 8388608},
                     Body(group).add(btrfs::BlockGroupRemapTail{4096, 2}),
                     R"({"used":8192,"chunk_objectid":256,"flags":17,"flags_names":["data","raid1"],)"
                     R"("remap_bytes":4096,"identity_remap_count":2})",
                     "used=8192 chunk_objectid=256 flags=0x11(DATA|RAID1) remap_bytes=4096 identity_remap_count=2"});
    items.push_back({"a block group's free space",
                     {bytenr, type::free_space_info, 8388608},
                     Body().add(btrfs::FreeSpaceInfo{42, 1}),
                     R"({"extent_count":42,"flags":1,"flags_names":["using_bitmaps"]})",
                     "extent_count=42 flags=0x1(USING_BITMAPS)"});
    items.push_back({"a free extent", {bytenr, type::free_space_extent, 4096}, Body(), "{}", ""});
    // Sectors 0, 2 to 8 (across a byte), 60 to 67 (across a word), and the last one, 71.
    items.push_back({"a bitmap",
                     {1048576, type::free_space_bitmap, 72 * 4096},
                     Body().text({"\xfd\x01\x00\x00\x00\x00\x00\xf0\x8f", 9}),
                     R"({"free":[[1048576,4096],[1056768,28672],[1294336,32768],[1339392,4096]]})",
                     "free=[[1048576,4096],[1056768,28672],[1294336,32768],[1339392,4096]]"});
}

void add_device_items(std::vector<SampleItem>& items) {
    items.push_back({"an extent of a device",
                     {1, type::dev_extent, 1048576},
                     Body().add(numbered<btrfs::DevExtent>(0x11)),
                     R"({"chunk_tree":17,"chunk_objectid":18,"chunk_offset":19,"length":20,)"
                     R"("chunk_tree_uuid":"15151515-1515-1515-1515-151515151515"})",
                     "chunk_tree=17 chunk_objectid=18 chunk_offset=19 length=20 "
                     "chunk_tree_uuid=15151515-1515-1515-1515-151515151515"});
    items.push_back({"a device",
                     {1, type::dev_item, 1},
                     Body().add(numbered<btrfs::DevItem>(1)),
                     R"({"devid":1,"total_bytes":2,"bytes_used":3,"io_align":4,"io_width":5,"sector_size":6,"type":7,)"
                     R"("generation":8,"start_offset":9,"dev_group":10,"seek_speed":11,"bandwidth":12,)"
                     R"("uuid":"0d0d0d0d-0d0d-0d0d-0d0d-0d0d0d0d0d0d","fsid":"0e0e0e0e-0e0e-0e0e-0e0e-0e0e0e0e0e0e"})",
                     "devid=1 total_bytes=2 bytes_used=3 io_align=4 io_width=5 sector_size=6 type=7 generation=8 "
                     "start_offset=9 dev_group=10 seek_speed=11 bandwidth=12 "
                     "uuid=0d0d0d0d-0d0d-0d0d-0d0d-0d0d0d0d0d0d fsid=0e0e0e0e-0e0e-0e0e-0e0e-0e0e0e0e0e0e"});
    auto chunk = numbered<btrfs::ChunkItem>(1);
    chunk.num_stripes = 2;
    items.push_back(
        {"a chunk",
         {256, type::chunk_item, bytenr},
         Body().add(chunk).add(numbered<btrfs::StripeItem>(1)).add(numbered<btrfs::StripeItem>(4)),
         R"({"length":1,"owner":2,"stripe_len":3,"type":4,"type_names":["metadata"],"io_align":5,"io_width":6,)"
         R"("sector_size":7,"num_stripes":2,"sub_stripes":9,"stripes":[)"
         R"({"devid":1,"offset":2,"dev_uuid":"03030303-0303-0303-0303-030303030303"},)"
         R"({"devid":4,"offset":5,"dev_uuid":"06060606-0606-0606-0606-060606060606"}]})",
         "length=1 owner=2 stripe_len=3 type=0x4(METADATA) io_align=5 io_width=6 sector_size=7 num_stripes=2 "
         "sub_stripes=9 stripes=[{devid=1,offset=2,dev_uuid=03030303-0303-0303-0303-030303030303},"
         "{devid=4,offset=5,dev_uuid=06060606-0606-0606-0606-060606060606}]"});
    items.push_back({"strides",
                     {bytenr, type::raid_stripe, 65536},
                     Body().add(btrfs::RaidStride{1, 4096}).add(btrfs::RaidStride{2, 8192}),
                     R"({"strides":[{"devid":1,"physical":4096},{"devid":2,"physical":8192}]})",
                     "strides=[{devid=1,physical=4096},{devid=2,physical=8192}]"});
    items.push_back({"a range that stays", {bytenr, type::identity_remap, 65536}, Body(), "{}", ""});
    const auto address = Body().add(btrfs::RemapItem{77});
    items.push_back({"a range that moved", {bytenr, type::remap, 4096}, address, R"({"address":77})", "address=77"});
    items.push_back(
        {"whence it moved", {bytenr, type::remap_backref, 4096}, address, R"({"address":77})", "address=77"});
    items.push_back({"error counters",
                     {0, type::persistent_item, 1},
                     Body().add(numbered<btrfs::DevStatsItem>(1)),
                     R"({"write_errs":1,"read_errs":2,"flush_errs":3,"corruption_errs":4,"generation_errs":5})",
                     "write_errs=1 read_errs=2 flush_errs=3 corruption_errs=4 generation_errs=5"});
    items.push_back({"another persistent item",
                     {1, type::persistent_item, 1},
                     Body().text("\x09"),
                     R"({"size":1,"raw":"09"})",
                     "size=1 raw=09"});
    items.push_back({"a replacement",
                     {0, type::dev_replace, 0},
                     Body().add(numbered<btrfs::DevReplaceItem>(1)),
                     R"({"src_devid":1,"cursor_left":2,"cursor_right":3,"cont_reading_from_srcdev_mode":4,)"
                     R"("replace_state":5,"time_started":6,"time_stopped":7,"num_write_errors":8,)"
                     R"("num_uncorrectable_read_errors":9})",
                     "src_devid=1 cursor_left=2 cursor_right=3 cont_reading_from_srcdev_mode=4 replace_state=5 "
                     "time_started=6 time_stopped=7 num_write_errors=8 num_uncorrectable_read_errors=9"});
}

void add_quota_items(std::vector<SampleItem>& items) {
    const auto status = Body().add(btrfs::QgroupStatusItem{1, 9, btrfs::qgroup_status_on, 300});
    items.push_back({"quotas",
                     {0, type::qgroup_status, 0},
                     status,
                     R"({"version":1,"generation":9,"flags":1,"flags_names":["on"],"rescan":300,"enable_gen":null})",
                     "version=1 generation=9 flags=0x1(ON) rescan=300 enable_gen=-"});
    items.push_back({"simple quotas",
                     {0, type::qgroup_status, 0},
                     Body(status).add(btrfs::QgroupStatusTail{8}),
                     R"({"version":1,"generation":9,"flags":1,"flags_names":["on"],"rescan":300,"enable_gen":8})",
                     "version=1 generation=9 flags=0x1(ON) rescan=300 enable_gen=8"});
    items.push_back({"a group's use",
                     {0, type::qgroup_info, 5},
                     Body().add(numbered<btrfs::QgroupInfoItem>(1)),
                     R"({"generation":1,"rfer":2,"rfer_cmpr":3,"excl":4,"excl_cmpr":5})",
                     "generation=1 rfer=2 rfer_cmpr=3 excl=4 excl_cmpr=5"});
    items.push_back({"a group's limits",
                     {0, type::qgroup_limit, 5},
                     Body().add(numbered<btrfs::QgroupLimitItem>(2)),
                     R"({"flags":2,"flags_names":["max_excl"],"max_rfer":3,"max_excl":4,"rsv_rfer":5,"rsv_excl":6})",
                     "flags=0x2(MAX_EXCL) max_rfer=3 max_excl=4 rsv_rfer=5 rsv_excl=6"});
    items.push_back({"a group in a group", {256, type::qgroup_relation, u64{1} << 48}, Body(), "{}", ""});
}

void add_temporary_items(std::vector<SampleItem>& items) {
    constexpr auto args = [](int first, std::string_view pattern) {
        std::string text(pattern);
        for (std::size_t at = text.find('#'); at != std::string::npos; at = text.find('#')) {
            text.replace(at, 1, std::to_string(first++));
        }
        return text;
    };
    static const std::string json =
        R"({"flags":1,)" + args(2, [] {
            constexpr std::string_view one =
                R"({"profiles":#,"usage_min":#,"usage_max":#,"devid":#,"pstart":#,"pend":#,"vstart":#,"vend":#,)"
                R"("target":#,"flags":#,"limit_min":#,"limit_max":#,"stripes_min":#,"stripes_max":#})";
            return R"("data":)" + std::string(one) + R"(,"meta":)" + std::string(one) + R"(,"sys":)" +
                   std::string(one) + "}";
        }());
    static const std::string line =
        "flags=1 " + args(2, [] {
            constexpr std::string_view one =
                "{profiles=#,usage_min=#,usage_max=#,devid=#,pstart=#,pend=#,vstart=#,vend=#,target=#,flags=#,"
                "limit_min=#,limit_max=#,stripes_min=#,stripes_max=#}";
            return "data=" + std::string(one) + " meta=" + std::string(one) + " sys=" + std::string(one);
        }());
    items.push_back({"a balance",
                     {btrfs::balance_objectid, type::temporary_item, 0},
                     Body().add(numbered<btrfs::BalanceItem>(1)),
                     json,
                     line});
    items.push_back({"a change of checksums",
                     {btrfs::csum_change_objectid, type::temporary_item, 2},
                     Body(),
                     R"({"target_csum_type":2,"target_csum_type_name":"sha256"})",
                     "target_csum_type=2(sha256)"});
    items.push_back(
        {"another temporary item", {1, type::temporary_item, 0}, Body(), R"({"size":0,"raw":""})", "size=0 raw="});
    items.push_back(
        {"an unknown type", {1, 77, 2}, Body().text("\xde\xad"), R"({"size":2,"raw":"dead"})", "size=2 raw=dead"});
}

} // namespace

std::vector<SampleItem> sample_space_items() {
    std::vector<SampleItem> items;
    add_extent_items(items);
    add_free_space_items(items);
    add_device_items(items);
    add_quota_items(items);
    add_temporary_items(items);
    return items;
}

} // namespace btrkit::test
