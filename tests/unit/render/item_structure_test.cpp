// SPDX-License-Identifier: MIT
#include "sample_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/render/exact_number.h"

#include <doctest/doctest.h>

#include <set>

namespace item_structure_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;
using Json = nlohmann::ordered_json;

namespace {

/// What follows tree and key in a line.
std::string after_key(std::string_view line) {
    for (int word = 0; word < 4; ++word) {
        const auto space = line.find(' ');
        line = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
    }
    return std::string(line.substr(0, line.find('\n')));
}

Json item_of(const btrfs::Key& key, Bytes body, bool hide_names = false) {
    return render_item(key, body, hide_names).json.at(0).at("item");
}

Json entry_with_name(std::string_view name) {
    const auto body = Body().add(btrfs::InodeRef{2, static_cast<u16>(name.size())}).text(name);
    return item_of({257, type::inode_ref, 256}, body.bytes()).at("refs").at(0);
}

} // namespace

TEST_CASE("every sample item is shown field by field, in both formats") {
    for (const auto& sample : sample_items()) {
        CAPTURE(sample.about);
        const auto rendered = render_item(sample.key, sample.body.bytes(), false, true);
        CHECK(rendered.json.at(0).at("item").dump() == Json::parse(sample.json).dump());
        CHECK(after_key(rendered.lines) == sample.line);
    }
}

TEST_CASE("there is a sample of every item type") {
    std::set<u8> sampled;
    for (const auto& sample : sample_items()) {
        sampled.insert(sample.key.type);
    }
    for (const auto& info : btrfs::item_types) {
        CAPTURE(info.name);
        CHECK(sampled.contains(info.type));
    }
}

TEST_CASE("both formats have the same fields in the same order") {
    // The keys of the JSON objects that no value in a line has: what a number means, and what is unknown of flags.
    const auto is_meaning = [](std::string_view key) {
        return key.ends_with("_names") || key.ends_with("_unknown_bits") || key.ends_with("type_name") ||
               key == "compression_name" || key.ends_with("_hex");
    };
    for (const auto& sample : sample_items()) {
        CAPTURE(sample.about);
        const auto item = Json::parse(sample.json);
        std::size_t at = 0;
        for (const auto& [key, value] : item.items()) {
            if (!is_meaning(key)) {
                at = sample.line.find(key + "=", at);
                CHECK_MESSAGE(at != std::string_view::npos, key);
            }
        }
    }
}

TEST_CASE("a JSON line begins with where the item is") {
    const auto body = Body().add(btrfs::DirLogItem{7});
    const auto rendered = render_item({256, type::dir_log_index, 3}, body.bytes());
    CHECK(rendered.json_text == R"({"tree":5,"tree_name":"fs_tree","leaf":30408704,"generation":9,"slot":0,)"
                                R"("key":{"objectid":256,"type":72,"type_name":"dir_log_index","offset":3},"size":8,)"
                                R"("item":{"end":7}})"
                                "\n");
}

TEST_CASE("a line begins with tree and key in the peer's words") {
    CHECK(render_item({btrfs::orphan_objectid, type::orphan_item, 300}, {}).lines ==
          "FS_TREE ORPHAN ORPHAN_ITEM 300\n");
    CHECK(render_item({256, type::qgroup_relation, u64{1} << 48}, {}).lines == "FS_TREE 0/256 QGROUP_RELATION 1/0\n");
}

TEST_CASE("a subvolume's tree has no name") {
    const Geometry geometry = test_geometry();
    RenderContext context{geometry};
    context.tree = 257;
    const auto rendered = render(ItemLeaf().add({btrfs::orphan_objectid, type::orphan_item, 300}, {}), context);
    CHECK(rendered.json.at(0).at("tree") == 257);
    CHECK(rendered.json.at(0).at("tree_name").is_null());
    CHECK(rendered.lines.starts_with("257 "));
}

TEST_CASE("pointers of a node have JSON lines, and no others") {
    ItemLeaf block;
    block.header().level = 1;
    block.header().nritems = 2;
    const std::array pointers = {
        btrfs::KeyPointer{{257, type::inode_item, 0}, 65536, 8},
        btrfs::KeyPointer{{300, type::dir_item, 5}, 131072, 7},
    };
    std::memcpy(block.data().data(), pointers.data(), sizeof(pointers));
    const Geometry geometry = test_geometry();
    const RenderContext context{geometry, false, false, btrfs::fs_tree_id};
    TextBuffer out;
    put_node_lines(out, block.view(), context);
    CHECK(out.empty());
    put_node_json(out, block.view(), context);
    CHECK(out.view() == R"({"tree":5,"tree_name":"fs_tree","node":30408704,"level":1,"generation":9,"slot":0,)"
                        R"("key":{"objectid":257,"type":1,"type_name":"inode_item","offset":0},)"
                        R"("pointer":{"blockptr":65536,"generation":8}})"
                        "\n"
                        R"({"tree":5,"tree_name":"fs_tree","node":30408704,"level":1,"generation":9,"slot":1,)"
                        R"("key":{"objectid":300,"type":84,"type_name":"dir_item","offset":5},)"
                        R"("pointer":{"blockptr":131072,"generation":7}})"
                        "\n");
}

TEST_CASE("without csum_items only the range of checksums is shown") {
    const auto body = Body().text("12345678");
    const auto item = item_of({btrfs::extent_csum_objectid, type::extent_csum, 4096}, body.bytes());
    CHECK(item == Json{{"start", 4096}, {"end", 12288}, {"length", 8192}});
}

TEST_CASE("hidden names are HIDDEN everywhere") {
    for (const auto& sample : sample_items()) {
        CAPTURE(sample.about);
        const auto rendered = render_item(sample.key, sample.body.bytes(), true);
        for (const std::string_view secret : {"home", "user.x", "0aff21", "a b", "a\\ b", "say"}) {
            CHECK(rendered.json_text.find(secret) == std::string::npos);
            CHECK(rendered.lines.find(secret) == std::string::npos);
        }
    }
    const auto body = Body().add(btrfs::InodeRef{2, 3}).text("abc");
    CHECK(item_of({257, type::inode_ref, 256}, body.bytes(), true).at("refs").at(0).at("name") == "HIDDEN");
    CHECK(render_item({257, type::inode_ref, 256}, body.bytes(), true).lines.find("name=HIDDEN}") != std::string::npos);
}

TEST_CASE("names that are UTF-8 are JSON strings, all others are hexadecimal") {
    CHECK(entry_with_name("Zoë 日本 😀").at("name") == "Zoë 日本 😀");
    CHECK(entry_with_name("\"\\/\b\f\n\r\t\x01\x7f").at("name") == "\"\\/\b\f\n\r\t\x01\x7f");
    CHECK(entry_with_name({"a\0b", 3}).at("name") == std::string("a\0b", 3));
    CHECK_FALSE(entry_with_name("plain").contains("name_hex"));
    const auto broken = entry_with_name("caf\xe9");
    CHECK(broken.at("name").is_null());
    CHECK(broken.at("name_hex") == "636166e9");
}

TEST_CASE("numbers that doubles round have their digits as text, ids that have a name their name") {
    const auto body = Body().add(btrfs::DirLogItem{~u64{0}});
    const auto rendered =
        render_item({btrfs::extent_csum_objectid, type::dir_log_index, (u64{1} << 53) - 1}, body.bytes());
    const auto line = Json::parse(rendered.json_text);
    CHECK(line["key"]["objectid_exact"] == "18446744073709551606");
    CHECK(line["key"]["objectid_name"] == "extent_csum");
    CHECK_FALSE(line["key"].contains("offset_exact"));
    CHECK(line["item"]["end_exact"] == "18446744073709551615");
    Json document{{"flags", u64{1} << 53}, {"sec", -(std::int64_t{1} << 60)}, {"list", {{{"a", ~u64{0}}}}}, {"b", 7}};
    add_exact_numbers(document);
    CHECK(document.dump() == R"({"flags":9007199254740992,"flags_exact":"9007199254740992",)"
                             R"("sec":-1152921504606846976,"sec_exact":"-1152921504606846976",)"
                             R"("list":[{"a":18446744073709551615,"a_exact":"18446744073709551615"}],"b":7})");
}

TEST_CASE("spare space is shown only where something stands in it") {
    btrfs::InodeItem inode{};
    CHECK_FALSE(item_of({257, type::inode_item, 0}, as_bytes_of(inode)).contains("reserved"));
    inode.reserved[1] = 6;
    CHECK(item_of({257, type::inode_item, 0}, as_bytes_of(inode)).at("reserved") == Json{0, 6, 0, 0});
}

} // namespace item_structure_test
