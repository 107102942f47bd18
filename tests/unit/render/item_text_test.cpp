// SPDX-License-Identifier: MIT
// The peer's text of items that no image of the corpus has, and of bodies that are cut short. Where btrfs-progs 6.2
// knows a type, the text here was compared with what it prints.
#include "libfs/render/item_text.h"

#include "sample_items.h"

#include <doctest/doctest.h>

#include <random>

namespace item_text_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

struct TextOptions {
    bool hide_names = false;
    bool csum_items = false;
    u64 incompat_flags = 0;
};

std::string text_of(const ItemLeaf& leaf, const TextOptions& options) {
    Geometry geometry = test_geometry();
    geometry.incompat_flags = options.incompat_flags;
    const RenderContext context{geometry, options.hide_names, options.csum_items, btrfs::fs_tree_id};
    TextBuffer out;
    TreeText text({});
    BodyBudget budget(test_nodesize);
    for (u32 slot = 0; slot < leaf.view().count(); ++slot) {
        text.put_item(out, leaf.view(), slot, context, budget);
    }
    return std::string(out.view());
}

/// The lines of a body, without the item's own.
std::string body_text(const btrfs::Key& key, Bytes body, const TextOptions& options = {}) {
    const auto text = text_of(ItemLeaf().add(key, body), options);
    return text.substr(text.find('\n') + 1);
}
std::string body_text(const btrfs::Key& key, const Body& body, const TextOptions& options = {}) {
    return body_text(key, body.bytes(), options);
}

std::string inode_flags_text(u64 flags) {
    btrfs::InodeItem inode;
    inode.flags = flags;
    const auto text = body_text({257, type::inode_item, 0}, as_bytes_of(inode));
    const auto begin = text.find("flags ");
    return text.substr(begin, text.find('\n', begin) - begin);
}

/// Whole lines, each begun by tabs; but for the two places where the peer does otherwise.
void check_lines(std::string_view text) {
    CHECK((text.empty() || text.ends_with('\n')));
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        CHECK_MESSAGE((line.starts_with('\t') || line.starts_with("btrfs: uuid item")), line);
        text.remove_prefix(line.size() + 1);
    }
}

} // namespace

TEST_CASE("the item's own line") {
    CHECK(text_of(ItemLeaf().add({257, type::orphan_item, 5}, {}), {}) ==
          "\titem 0 key (257 ORPHAN_ITEM 5) itemoff 3995 itemsize 0\n\t\torphan item\n");
}

TEST_CASE("types with one word each") {
    CHECK(body_text({1, type::tree_block_ref, 5}, Body()) == "\t\ttree block backref\n");
    CHECK(body_text({1, type::shared_block_ref, 5}, Body()) == "\t\tshared block backref\n");
    CHECK(body_text({1, type::extent_ref_v0, 5}, Body().text("12345")) == "\t\textent ref v0 (deprecated)\n");
    CHECK(body_text({1, type::csum_item, 5}, Body()) == "\t\tcsum item\n");
    CHECK(body_text({1, type::free_space_extent, 5}, Body()) == "\t\tfree space extent\n");
    CHECK(body_text({1, type::free_space_bitmap, 5}, Body().text("\xff")) == "\t\tfree space bitmap\n");
}

TEST_CASE("types that the peer shows nothing of, and unknown ones") {
    for (const u8 number : {type::verity_desc_item, type::verity_merkle_item, type::identity_remap,
                            type::qgroup_relation, type::untyped, u8{77}, u8{255}}) {
        CHECK(body_text({1, number, 2}, Body().text("whatever")).empty());
    }
}

TEST_CASE("the map of stripes, and of what was remapped") {
    const auto strides = Body().add(btrfs::RaidStride{1, 4096}).add(btrfs::RaidStride{2, 8192});
    CHECK(body_text({65536, type::raid_stripe, 4096}, strides) ==
          "\t\t\tstripe 0 devid 1 physical 4096\n\t\t\tstripe 1 devid 2 physical 8192\n");
    CHECK(body_text({1, type::remap, 5}, Body().add(btrfs::RemapItem{77})) == "\t\taddress 77\n");
    CHECK(body_text({1, type::remap_backref, 5}, Body().add(btrfs::RemapItem{78})) == "\t\taddress 78\n");
}

TEST_CASE("a replaced device, with both its times") {
    auto item = numbered<btrfs::DevReplaceItem>(1);
    item.src_devid = ~u64{0};
    item.cont_reading_from_srcdev_mode = 1;
    item.replace_state = 2;
    item.time_started = 86400 * 3;
    item.time_stopped = 86400 * 3 + 1;
    const auto text = body_text({0, type::dev_replace, 0}, as_bytes_of(item));
    CHECK(text.starts_with("\t\tsrc devid -1 cursor left " + std::to_string(u64{item.cursor_left}) + " cursor right " +
                           std::to_string(u64{item.cursor_right}) + " mode AVOID\n\t\tstate FINISHED write errors " +
                           std::to_string(u64{item.num_write_errors}) + " uncorrectable read errors " +
                           std::to_string(u64{item.num_uncorrectable_read_errors}) + "\n\t\tstart time 259200 ("));
    CHECK(text.find("\t\tstop time 259201 (19") != std::string::npos);

    item.cont_reading_from_srcdev_mode = 2;
    item.replace_state = 5;
    const auto unknown = body_text({0, type::dev_replace, 0}, as_bytes_of(item));
    CHECK(unknown.find("mode unknown(2)\n\t\tstate unknown(5) write") != std::string::npos);
}

TEST_CASE("temporary items: a balance, a change of checksums, and others") {
    const auto balance =
        body_text({btrfs::balance_objectid, type::temporary_item, 0}, Body().add(numbered<btrfs::BalanceItem>(1)));
    CHECK(balance.starts_with("\t\ttemporary item objectid BALANCE offset 0\n\t\tbalance status flags 1\n\t\tDATA\n"
                              "\t\tprofiles 2 devid 5 target 10 flags 11\n"
                              "\t\tusage_min 3 usage_max 4 pstart 6 pend 7\n"
                              "\t\tvstart 8 vend 9 limit_min 12 limit_max 13\n"
                              "\t\tstripes_min 14 stripes_max 15\n\t\tMETADATA\n\t\tprofiles 16 "));
    CHECK(balance.find("\n\t\tSYSTEM\n\t\tprofiles 30 ") != std::string::npos);

    const auto csum_change = [](u64 csum_type) {
        return body_text({btrfs::csum_change_objectid, type::temporary_item, csum_type}, Body());
    };
    CHECK(csum_change(2) == "\t\ttemporary item objectid CSUM_CHANGE offset 2\n\t\ttarget csum type sha256 (2)\n");
    CHECK(csum_change(4) == "\t\ttemporary item objectid CSUM_CHANGE offset 4\n\t\tunknown csum type 4\n");
    CHECK(csum_change(~u64{0}).ends_with("unknown csum type 18446744073709551615\n"));
    CHECK(body_text({300, type::temporary_item, 1}, Body()) ==
          "\t\ttemporary item objectid 300 offset 1\n\t\tunknown temporary item objectid 300\n");
}

TEST_CASE("persistent items: statistics of any length, and others") {
    const auto stats = Body().add(numbered<btrfs::DevStatsItem>(1));
    const std::string known = "\t\tpersistent item objectid DEV_STATS offset 1\n\t\tdevice stats\n"
                              "\t\twrite_errs 1 read_errs 2 flush_errs 3 corruption_errs 4 generation 5\n";
    const btrfs::Key key{btrfs::dev_stats_objectid, type::persistent_item, 1};
    CHECK(body_text(key, stats) == known);
    CHECK(body_text(key, Body(stats).add(btrfs::le64{6}).add(btrfs::le64{7})) ==
          known + "\t\tunknown stats item bytes 16\t\tunknown item 5 offset 40 value 6\n"
                  "\t\tunknown item 6 offset 48 value 7\n");
    CHECK(body_text(key, Body(stats).text("abc")) == known + "\t\tunknown stats item bytes 3\n");
    CHECK(body_text({5, type::persistent_item, 1}, stats) ==
          "\t\tpersistent item objectid 5 offset 1\n\t\tunknown persistent item objectid 5\n");
}

TEST_CASE("strings are escaped, and never hidden") {
    const auto body = Body().text("a b\\\n\x1b[0m\xff");
    CHECK(body_text({1, type::string_item, 0}, body) == "\t\titem data a\\ b\\\\\\n\\e[0m\\377\n");
    CHECK(body_text({1, type::string_item, 0}, body, {.hide_names = true}) ==
          body_text({1, type::string_item, 0}, body));
    CHECK(body_text({1, type::string_item, 0}, Body()) == "\t\titem data \n");
}

TEST_CASE("lists of subvolumes must be whole") {
    const auto two = Body().add(btrfs::le64{300}).add(btrfs::le64{5});
    CHECK(body_text({1, type::uuid_key_subvol, 2}, two) == "\t\tsubvol_id 300\n\t\tsubvol_id 5\n");
    CHECK(body_text({1, type::uuid_key_received_subvol, 2}, two) == "\t\tsubvol_id 300\n\t\tsubvol_id 5\n");
    CHECK(body_text({1, type::uuid_key_subvol, 2}, Body(two).text("x")) == "btrfs: uuid item with illegal size 17!\n");
    CHECK(body_text({1, type::uuid_key_subvol, 2}, Body()).empty());
}

TEST_CASE("the log's ranges of directories") {
    for (const u8 number : {type::dir_log_item, type::dir_log_index}) {
        CHECK(body_text({256, number, 3}, Body().add(btrfs::DirLogItem{~u64{0}})) ==
              "\t\tdir log end 18446744073709551615\n");
    }
}

TEST_CASE("references of extents, keyed and inline") {
    CHECK(body_text({1, type::extent_owner_ref, 0}, Body().add(btrfs::ExtentOwnerRef{256})) ==
          "\t\textent owner root 256\n");
    CHECK(body_text({1, type::shared_data_ref, 4096}, Body().add(btrfs::SharedDataRef{7})) ==
          "\t\tshared data backref count 7\n");
    CHECK(body_text({1, type::extent_data_ref, 4096}, Body().add(btrfs::ExtentDataRef{257, 258, 4096, 2})) ==
          "\t\textent data backref root 257 objectid 258 offset 4096 count 2\n");

    const auto extent = Body().add(btrfs::ExtentItem{3, 9, btrfs::extent_flag_data});
    const auto all = Body(extent)
                         .add(btrfs::InlineRef{type::extent_owner_ref, 256})
                         .add(btrfs::InlineRef{type::tree_block_ref, 5})
                         .add(type::extent_data_ref)
                         .add(btrfs::ExtentDataRef{257, 258, 4096, 2})
                         .add(btrfs::InlineRef{type::shared_block_ref, 65536})
                         .add(btrfs::InlineRef{type::shared_data_ref, 131072})
                         .add(btrfs::SharedDataRef{7});
    CHECK(body_text({4096, type::extent_item, 4096}, all) ==
          "\t\trefs 3 gen 9 flags DATA\n"
          "\t(172 0x100) textent owner root 256\n"
          "\t\t(176 0x5) tree block backref root FS_TREE\n"
          "\t\t(178 0x29740e4da7ae0fbf) extent data backref root 257 objectid 258 offset 4096 count 2\n"
          "\t\t(182 0x10000) shared block backref parent 65536\n"
          "\t\t(184 0x20000) shared data backref parent 131072 count 7\n");
    CHECK(body_text({4096, type::extent_item, 4096}, Body(extent).add(btrfs::InlineRef{99, 1})) ==
          "\t\trefs 3 gen 9 flags DATA\n"); // an unknown one ends the list
}

TEST_CASE("flags of extents") {
    const auto flags_text = [](u64 flags) {
        const auto text = body_text({4096, type::extent_item, 4096}, Body().add(btrfs::ExtentItem{1, 2, flags}));
        return text.substr(0, text.find('\n'));
    };
    CHECK(flags_text(1) == "\t\trefs 1 gen 2 flags DATA");
    CHECK(flags_text(0x102) == "\t\trefs 1 gen 2 flags TREE_BLOCK|FULL_BACKREF");
    CHECK(flags_text(0x100) == "\t\trefs 1 gen 2 flags |FULL_BACKREF");
}

TEST_CASE("unknown flags of inodes are shown as a number") {
    CHECK(inode_flags_text(0) == "flags 0x0(none)");
    CHECK(inode_flags_text(1) == "flags 0x1(NODATASUM)");
    CHECK(inode_flags_text(u64{1} << 40) == "flags 0x10000000000(UNKNOWN: 0x10000000000)");
    CHECK(inode_flags_text(u64{1} << 40 | 3) == "flags 0x10000000003(NODATASUM|NODATACOW|UNKNOWN: 0x10000000000)");
    CHECK(inode_flags_text(~u64{0}).ends_with("ROOT_ITEM_INIT|UNKNOWN: 0xffffffff7ffff000)"));
}

TEST_CASE("unknown numbers of file extents and directory entries") {
    btrfs::FileExtentHead head;
    head.type = 7;
    head.compression = 9;
    const auto extent = Body().add(head).add(btrfs::FileExtentRange{4096, 8192, 0, 8192});
    const auto text = body_text({257, type::extent_data, 0}, extent);
    CHECK(text.starts_with("\t\tgeneration 0 type 7 (unknown)\n"));
    CHECK(text.ends_with("\t\textent compression 9 (UNKNOWN.9)\n"));

    btrfs::DirItem entry;
    entry.name_len = 1;
    entry.type = 0x82;
    const auto dir = body_text({256, type::dir_index, 2}, Body().add(entry).text("n"));
    CHECK(dir.starts_with("\t\tlocation key (0 UNKNOWN.0 0) type DIR_ITEM.130\n"));
}

TEST_CASE("names and values are hidden where that was asked for, but not those of subvolumes") {
    btrfs::DirItem entry;
    entry.name_len = 6;
    entry.data_len = 5;
    entry.type = 8;
    const auto xattr =
        body_text({257, type::xattr_item, 1}, Body().add(entry).text("secretvalue"), {.hide_names = true});
    CHECK(xattr.ends_with("\t\tname: HIDDEN\n\t\tdata HIDDEN\n"));
    const auto ref = Body().add(btrfs::RootRef{256, 2, 3}).text("sub");
    CHECK(body_text({5, type::root_ref, 256}, ref, {.hide_names = true}) ==
          "\t\troot ref key dirid 256 sequence 2 name sub\n");
}

TEST_CASE("a group's status has a generation more with simple quotas") {
    const auto status = Body().add(btrfs::QgroupStatusItem{1, 9, 0x6, 5}).add(btrfs::QgroupStatusTail{4});
    const btrfs::Key key{0, type::qgroup_status, 0};
    CHECK(body_text(key, status).ends_with(" scan 5\n"));
    CHECK(body_text(key, status, {.incompat_flags = btrfs::incompat_simple_quota}).ends_with(" scan 5 enable_gen 4\n"));
    CHECK(body_text(key, status).find("flags OFF|") != std::string::npos);
}

TEST_CASE("every checksum, as many as fill a line") {
    const auto sums = Body().text("aaaabbbbccccddddeeee");
    const btrfs::Key key{btrfs::extent_csum_objectid, type::extent_csum, 8192};
    const std::string range = "\t\trange start 8192 end 28672 length 20480\n";
    CHECK(body_text(key, sums) == range);
    CHECK(body_text(key, sums, {.csum_items = true}) ==
          range + "\t\t[8192] 0x61616161 [12288] 0x62626262 [16384] 0x63636363 [20480] 0x64646464\n"
                  "\t\t[24576] 0x65656565\n");
}

TEST_CASE("bodies cut at every length are shown in whole lines, none of which says what is not there") {
    for (const auto& sample : sample_items()) {
        const Bytes whole = sample.body.bytes();
        const auto all_of_it = body_text(sample.key, whole, {.csum_items = true});
        for (std::size_t length = 0; length <= whole.size(); ++length) {
            CAPTURE(sample.about);
            CAPTURE(length);
            const std::vector<std::byte> cut(whole.begin(), whole.begin() + length); // its own memory: see ItemLeaf
            const auto text = body_text(sample.key, cut, {.csum_items = true});
            check_lines(text);
            CHECK(std::ranges::count(text, '\n') <=
                  std::max<std::ptrdiff_t>(1, std::ranges::count(all_of_it, '\n')) + 1);
        }
    }
}

TEST_CASE("random bodies of every type are shown in whole lines and in proportion") {
    std::mt19937_64 random(20270101);
    for (int round = 0; round < 40; ++round) {
        for (unsigned number = 0; number < 256; ++number) {
            std::vector<std::byte> body(random() % 600);
            const u64 density = 1 + random() % 6;
            std::ranges::generate(body, [&] { return static_cast<std::byte>(random() % density == 0 ? random() : 0); });
            CAPTURE(number);
            const u64 objectid = random() % 3 == 0 ? btrfs::from_top(random() % 14) : random();
            const auto text = body_text({objectid, static_cast<u8>(number), random()}, body, {.csum_items = true});
            check_lines(text);
            CHECK(text.size() <= 1200 + body.size() * 64);
        }
    }
}

TEST_CASE("bodies that overlap are shown once, and those beyond the block as far as it goes") {
    ItemLeaf leaf;
    constexpr u32 body_size = 3000;
    for (u64 i = 0; i < 3; ++i) {
        leaf.add_header({1000 + i, type::string_item, 0}, btrfs::leaf_data_size(test_nodesize) - body_size, body_size);
    }
    leaf.add_header({1009, type::string_item, 0}, btrfs::leaf_data_size(test_nodesize) - 1, 70000);
    leaf.add_header({1010, type::string_item, 0}, ~u32{0}, ~u32{0});
    const auto text = text_of(leaf, {});
    CHECK(text.size() < 20000);
    CHECK(text.ends_with("(1009 STRING_ITEM 0) itemoff 3994 itemsize 70000\n\t\titem data \\000\n"
                         "\titem 4 key (1010 STRING_ITEM 0) itemoff 4294967295 itemsize 4294967295\n\t\titem data \n"));
    CHECK(text.find("\t\titem data overlaps that of other items\n\titem 2 ") != std::string::npos);
}

TEST_CASE("headers of leaves and nodes") {
    const Geometry geometry = test_geometry();
    const RenderContext context{geometry, false, false, 5};
    ItemLeaf leaf;
    leaf.add({1, 2, 3}, Body().text("xy").bytes());
    leaf.header().flags = btrfs::header_flag_written | btrfs::flag_bit(btrfs::header_backref_revision_shift);
    leaf.header().fsid.bytes.fill(0xab);
    leaf.header().csum.fill(0x1f);
    const auto header = [&](bool with_csum) {
        TextBuffer out;
        TreeText(TreeText::Options{with_csum}).put_header(out, leaf.view(), {4096}, context);
        return std::string(out.view());
    };
    const std::string uuids = "\nfs uuid abababab-abab-abab-abab-abababababab\n"
                              "chunk uuid 00000000-0000-0000-0000-000000000000\n";
    CHECK(header(false) == "leaf 30408704 items 1 free space 3968 generation 9 owner FS_TREE\n"
                           "leaf 30408704 flags 0x1(WRITTEN) backref revision 1" +
                               uuids);
    CHECK(header(true) == "leaf 30408704 items 1 free space 3968 generation 9 owner FS_TREE\n"
                          "leaf 30408704 flags 0x1(WRITTEN) backref revision 1 csum 0x1f1f1f1f" +
                              uuids);
    leaf.header().level = 2;
    CHECK(header(false).starts_with("node 4096 level 2 items 1 free space 120 generation 9 owner FS_TREE\n"));
    leaf.header().nritems = ~u32{0};
    CHECK(header(false).starts_with("node 4096 level 2 items 4294967295 free space 122 "));
}

} // namespace item_text_test
