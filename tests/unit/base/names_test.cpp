// SPDX-License-Identifier: MIT
// The peer's words: as they are printed, and as users type them.
#include "libfs/base/names.h"

#include "formats/btrfs/block_group.h"
#include "formats/btrfs/item_types.h"

#include <string>

#include <doctest/doctest.h>

namespace names_test {

namespace {

using btrfs::Key;
using btrkit::TextBuffer;
using btrkit::u64;
namespace item_type = btrfs::item_type;

std::string escaped(std::string_view bytes) {
    TextBuffer out;
    btrkit::put_escaped(out, bytes);
    return std::string(out.view());
}

std::string flags_text(u64 flags, btrfs::FlagNames names) {
    TextBuffer out;
    btrkit::put_flags(out, flags, names);
    return std::string(out.view());
}

TEST_CASE("keys are printed with the names that their type gives to numbers") {
    CHECK(btrkit::key_text({257, item_type::inode_item, 0}) == "(257 INODE_ITEM 0)");
    CHECK(btrkit::key_text({btrfs::fs_tree_id, item_type::root_item, ~u64{0}}) ==
          "(FS_TREE ROOT_ITEM 18446744073709551615)");
    CHECK(btrkit::key_text({1, item_type::dev_item, 1}) == "(DEV_ITEMS DEV_ITEM 1)");
    CHECK(btrkit::key_text({256, item_type::chunk_item, 22020096}) == "(FIRST_CHUNK_TREE CHUNK_ITEM 22020096)");
    CHECK(btrkit::key_text({1, item_type::dev_extent, 5}) == "(1 DEV_EXTENT 5)");
    CHECK(btrkit::key_text({0, item_type::persistent_item, 1}) == "(DEV_STATS PERSISTENT_ITEM 1)");
    CHECK(btrkit::key_text({btrfs::free_space_objectid, 0, 9}) == "(FREE_SPACE UNTYPED 9)");
    CHECK(btrkit::key_text({257, item_type::extent_data, ~u64{0}}) == "(257 EXTENT_DATA -1)");
    CHECK(btrkit::key_text({0, 0, 0}) == "(0 UNKNOWN.0 0)");
    CHECK(btrkit::key_text({256, 7, 1}) == "(256 UNKNOWN.7 1)");
    CHECK(btrkit::key_text({0, item_type::qgroup_info, u64{1} << 48 | 100}) == "(0 QGROUP_INFO 1/100)");
    CHECK(btrkit::key_text({256, item_type::qgroup_relation, u64{1} << 48 | 100}) == "(0/256 QGROUP_RELATION 1/100)");
    CHECK(btrkit::key_text({0x1a, item_type::uuid_key_subvol, 0x2b}) ==
          "(0x000000000000001a UUID_KEY_SUBVOL 0x000000000000002b)");
    CHECK(btrkit::key_text({btrfs::tree_reloc_id, item_type::root_item, btrfs::fs_tree_id}) ==
          "(TREE_RELOC ROOT_ITEM FS_TREE)");
}

TEST_CASE("object ids have names where the format gives them one") {
    CHECK(btrkit::objectid_text(btrfs::data_reloc_tree_id) == "DATA_RELOC_TREE");
    CHECK(btrkit::objectid_text(btrfs::orphan_objectid) == "ORPHAN");
    CHECK(btrkit::objectid_text(255) == "255");
    CHECK(btrkit::objectid_text(256) == "256");
    CHECK(btrkit::objectid_text(~u64{0}) == "-1");
}

TEST_CASE("uuids are printed in groups") {
    btrfs::Uuid uuid;
    for (unsigned i = 0; i < uuid.bytes.size(); ++i) {
        uuid.bytes[i] = static_cast<btrfs::u8>(i * 17);
    }
    CHECK(btrkit::uuid_text(uuid) == "00112233-4455-6677-8899-aabbccddeeff");
}

TEST_CASE("flags are printed by name, unknown bits as a number") {
    CHECK(flags_text(0, btrfs::block_group_flag_names) == "");
    CHECK(flags_text(btrfs::block_group_metadata | btrfs::block_group_dup, btrfs::block_group_flag_names) ==
          "METADATA|DUP");
    CHECK(flags_text(btrfs::block_group_data | u64{1} << 40, btrfs::block_group_flag_names) ==
          "DATA|UNKNOWN.0x10000000000");
}

TEST_CASE("no byte of an image reaches a terminal unescaped") {
    CHECK(escaped("plain-name.txt") == "plain-name.txt");
    CHECK(escaped("a b\\c") == "a\\ b\\\\c");
    CHECK(escaped("\a\b\x1b\f\n\r\t\v") == "\\a\\b\\e\\f\\n\\r\\t\\v");
    CHECK(escaped(std::string("\0\x01\x7f\xff", 4)) == "\\000\\001\\177\\377");
    CHECK(escaped("\xc3\xa4") == "\\303\\244");
    for (int byte = 0; byte < 256; ++byte) {
        for (const char c : escaped(std::string(1, static_cast<char>(byte)))) {
            CHECK((c >= ' ' && c < 0x7f));
        }
        for (const char c : btrkit::printable(std::string(1, static_cast<char>(byte)))) {
            CHECK((c >= ' ' && c < 0x7f));
        }
    }
    CHECK(btrkit::printable("a b\n") == "a b\\n");
}

TEST_CASE("trees are found by number, in any base") {
    CHECK(btrkit::parse_tree_id("5") == 5);
    CHECK(btrkit::parse_tree_id("0x105") == 0x105);
    CHECK(btrkit::parse_tree_id("-9") == btrfs::data_reloc_tree_id);
    CHECK(btrkit::parse_tree_id("18446744073709551607") == btrfs::data_reloc_tree_id);
}

TEST_CASE("trees are found by all spellings that the peer takes") {
    const struct {
        std::string_view name;
        u64 id;
    } names[] = {
        {"ROOT", btrfs::root_tree_id},
        {"EXTENT", btrfs::extent_tree_id},
        {"CHUNK", btrfs::chunk_tree_id},
        {"DEVICE", btrfs::dev_tree_id},
        {"DEV", btrfs::dev_tree_id},
        {"FS", btrfs::fs_tree_id},
        {"CSUM", btrfs::csum_tree_id},
        {"CHECKSUM", btrfs::csum_tree_id},
        {"QUOTA", btrfs::quota_tree_id},
        {"UUID", btrfs::uuid_tree_id},
        {"FREE_SPACE", btrfs::free_space_tree_id},
        {"TREE_LOG_FIXUP", btrfs::tree_log_fixup_id},
        {"TREE_LOG", btrfs::tree_log_id},
        {"TREE_RELOC", btrfs::tree_reloc_id},
        {"DATA_RELOC", btrfs::data_reloc_tree_id},
        {"BLOCK_GROUP", btrfs::block_group_tree_id},
        {"RAID_STRIPE", btrfs::raid_stripe_tree_id},
        {"REMAP", btrfs::remap_tree_id},
    };
    for (const auto& [name, id] : names) {
        const std::string plain(name);
        CAPTURE(plain);
        CHECK(btrkit::parse_tree_id(plain) == id);
        CHECK(btrkit::parse_tree_id("BTRFS_" + plain) == id);
        CHECK(btrkit::parse_tree_id(plain + "_TREE") == id);
        CHECK(btrkit::parse_tree_id("BTRFS_" + plain + "_TREE_OBJECTID") == id);
        CHECK(btrkit::parse_tree_id("BTRFS_" + plain + "_OBJECTID") == id);
        std::string dashed;
        for (const char c : plain) {
            dashed += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        CHECK(btrkit::parse_tree_id(dashed) == id);
        CHECK(btrkit::parse_tree_id("btrfs-" + dashed + "-tree-objectid") == id);
    }
}

TEST_CASE("what names no tree finds none") {
    for (const std::string_view text :
         {"", " ", "5x", "0x", "-", "--5", "BTRFS_", "_TREE", "ORPHAN", "TREE", "fs tree", "18446744073709551616"}) {
        CAPTURE(text);
        CHECK_FALSE(btrkit::parse_tree_id(text).has_value());
    }
}

TEST_CASE("keys are read whole or in part") {
    CHECK(btrkit::parse_key("257,INODE_ITEM,0", Key::min()) == Key{257, item_type::inode_item, 0});
    CHECK(btrkit::parse_key("257,1,0", Key::max()) == Key{257, 1, 0});
    CHECK(btrkit::parse_key("257", Key::min()) == Key{257, 0, 0});
    CHECK(btrkit::parse_key("257", Key::max()) == Key{257, 255, ~u64{0}});
    CHECK(btrkit::parse_key("fs-tree,root-item,-1", Key::min()) ==
          Key{btrfs::fs_tree_id, item_type::root_item, ~u64{0}});
    CHECK(btrkit::parse_key("0x10,0x1,0x20", Key::min()) == Key{16, 1, 32});
    for (const std::string_view text : {"", ",", "257,256,0", "257,NO_SUCH,0", "257,1,x", "257,1,0,0", "nobody"}) {
        CAPTURE(text);
        CHECK_FALSE(btrkit::parse_key(text, Key::min()).has_value());
    }
}

} // namespace

} // namespace names_test
