// SPDX-License-Identifier: MIT
// Whatever a leaf holds, its items are shown as valid JSON, within the block, and in proportion to it.
#include "sample_items.h"

#include "libfs/base/names.h"
#include "tests/support/effort.h"

#include <doctest/doctest.h>

#include <random>
#include <span>

namespace hostile_items_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

constexpr std::size_t output_per_byte = 300;

RenderedLeaf render(const ItemLeaf& leaf) {
    const Geometry geometry = test_geometry();
    const RenderContext context{geometry, false, true, ~u64{0} - 200};
    return btrkit::test::render(leaf, context);
}

std::string hex(Bytes bytes) {
    TextBuffer out;
    out.hex_bytes(bytes);
    return std::string(out.view());
}

/// Types whose bodies may have any length.
bool has_free_length(const btrfs::Key& key) {
    const auto* info = btrfs::key_type_info(key);
    return info == nullptr || key.type == type::string_item || key.type == type::csum_item ||
           key.type == type::extent_ref_v0 || key.type == type::verity_merkle_item ||
           key.type == type::temporary_item || key.type == type::persistent_item ||
           key.type == type::free_space_bitmap || key.type == type::verity_desc_item;
}

void check_bounded(const ItemLeaf& leaf) {
    const auto rendered = render(leaf);
    CHECK(rendered.json_text.size() <= output_per_byte * test_nodesize);
    CHECK(rendered.lines.size() <= output_per_byte * test_nodesize);
    CHECK(std::ranges::count(rendered.lines, '\n') == leaf.view().count());
}

} // namespace

TEST_CASE("bodies cut at every length are shown as far as they go") {
    for (const auto& sample : sample_items()) {
        const Bytes whole = sample.body.bytes();
        for (std::size_t length = 0; length < whole.size(); ++length) {
            CAPTURE(sample.about);
            CAPTURE(length);
            const std::vector<std::byte> cut(whole.begin(), whole.begin() + length); // its own memory: see ItemLeaf
            const auto rendered = render_item(sample.key, cut, false, true);
            const auto& item = rendered.json.at(0).at("item");
            if (item.contains("malformed")) {
                CHECK(item.at("malformed") == true);
                CHECK(item.at("raw") == hex(cut));
                CHECK(rendered.lines.ends_with(" malformed=true raw=" + hex(cut) + "\n"));
            } else {
                // A list is sound where it ends between two entries, an inline extent anywhere.
                const bool list_end = item.begin().value().is_array() || item.contains("subvolumes") ||
                                      item.contains("inline_refs") || item.contains("sums");
                CHECK((list_end || item.contains("inline_size") || item.contains("generation_v2") ||
                       item.contains("remap_bytes") || item.contains("enable_gen") || has_free_length(sample.key)));
            }
        }
    }
}

TEST_CASE("one byte too many is malformed in bodies of a fixed size") {
    for (const auto& sample : sample_items()) {
        if (has_free_length(sample.key) && sample.body.bytes().size() != sizeof(btrfs::BalanceItem)) {
            continue;
        }
        if (sample.key.type == type::extent_data && sample.key.offset == 0) {
            continue; // inline
        }
        CAPTURE(sample.about);
        const auto longer = Body(sample.body).text("\x7f");
        CHECK(render_item(sample.key, longer.bytes()).json.at(0).at("item").value("malformed", false));
    }
}

TEST_CASE("sizes that the table of types does not allow are malformed, even where every byte has a meaning") {
    const std::vector<std::byte> large(btrfs::free_space_bitmap_size + 1);
    CHECK(render_item({1048576, type::free_space_bitmap, 8388608}, large).json.at(0).at("item").contains("malformed"));
    for (const auto& info : btrfs::item_types) {
        CAPTURE(info.name);
        const u64 objectid = info.type == type::untyped ? btrfs::free_space_objectid : 1;
        const auto item = render_item({objectid, info.type, 0}, {}).json.at(0).at("item");
        CHECK(item.contains("malformed") == (info.min_size > 0));
    }
}

TEST_CASE("a malformed inode shows the fields that are complete") {
    const auto whole = numbered<btrfs::InodeItem>(1);
    const auto item = render_item({257, type::inode_item, 0}, as_bytes_of(whole).first(20)).json.at(0).at("item");
    CHECK(item.size() == 4);
    CHECK(item.at("generation") == 1);
    CHECK(item.at("transid") == 2);
    CHECK(item.at("malformed") == true);
}

TEST_CASE("a body that reaches beyond the block is malformed") {
    ItemLeaf leaf;
    leaf.add_header({257, type::string_item, 0}, btrfs::leaf_data_size(test_nodesize) - 3, 8);
    leaf.data().back() = std::byte{'z'};
    leaf.add_header({258, type::string_item, 0}, ~u32{0}, ~u32{0});
    const auto rendered = render(leaf);
    CHECK(rendered.json.at(0).at("size") == 8);
    CHECK(rendered.json.at(0).at("item").at("raw") == "00007a");
    CHECK(rendered.json.at(1).at("item").at("malformed") == true);
    CHECK(rendered.json.at(1).at("item").at("raw") == "");
}

TEST_CASE("geometry without a checksum size is survived") {
    Geometry geometry = test_geometry();
    geometry.csum_size_bytes = 0;
    const RenderContext context{geometry, false, true, 7};
    const auto body = Body().text("1234");
    const auto rendered =
        test::render(ItemLeaf().add({btrfs::extent_csum_objectid, type::extent_csum, 0}, body.bytes()), context);
    CHECK(rendered.json.at(0).at("item").at("malformed") == true);
}

TEST_CASE("bodies that overlap are shown only once or so") {
    ItemLeaf leaf;
    constexpr u32 body_size = 2000;
    const u32 begin = btrfs::leaf_data_size(test_nodesize) - body_size;
    for (u64 i = 0; i < 10; ++i) {
        leaf.add_header({1 << 20, type::free_space_bitmap, i}, begin, body_size);
    }
    std::ranges::fill(leaf.data().last(body_size), std::byte{0x55});
    const auto rendered = render(leaf);
    CHECK(rendered.json.at(1).at("item").contains("free"));
    CHECK(rendered.json.at(2).at("item").dump() == R"({"overlapping":true})");
    CHECK(rendered.json.at(9).at("item").dump() == R"({"overlapping":true})");
    CHECK(rendered.lines.ends_with(" 9 overlapping=true\n"));
    check_bounded(leaf);
}

TEST_CASE("no type makes a leaf of it unbounded, however it is filled") {
    std::vector<btrfs::Key> keys;
    for (const auto& info : btrfs::item_types) {
        keys.push_back({info.type == type::untyped ? btrfs::free_space_objectid : ~u64{0} - 3, info.type, ~u64{0}});
    }
    keys.push_back({~u64{0}, 77, ~u64{0}});
    keys.push_back({btrfs::balance_objectid, type::temporary_item, 0});
    for (const auto& key : keys) {
        constexpr unsigned fills[] = {0x00, 0x01, 0xb2, 0xff, 0x55, 0x7f, 0xb0};
        for (const unsigned fill : std::span(fills).first(rounds(3, std::size(fills)))) {
            for (const u32 body_size : {0, 1, 9, 30, 400, 3900}) {
                CAPTURE(unsigned{key.type});
                CAPTURE(fill);
                CAPTURE(body_size);
                ItemLeaf leaf;
                const u32 end = btrfs::leaf_data_size(test_nodesize);
                const u32 header_count = body_size == 3900 ? 3 : 150;
                for (u32 i = 0; i < header_count; ++i) {
                    leaf.add_header(key, end - body_size, body_size);
                }
                std::ranges::fill(leaf.data().subspan(header_count * sizeof(btrfs::ItemHeader)),
                                  static_cast<std::byte>(fill));
                check_bounded(leaf);
            }
        }
    }
}

TEST_CASE("random leaves are shown as valid JSON") {
    std::mt19937_64 random(20240229);
    for (int round = 0; round < 300; ++round) {
        ItemLeaf leaf;
        std::ranges::generate(leaf.data(), [&] { return static_cast<std::byte>(random() % 5 == 0 ? random() : 0); });
        for (u32 i = 0; i < 100; ++i) {
            const auto& info = btrfs::item_types[random() % btrfs::item_types.size()];
            const u32 size = random() % 8 == 0 ? static_cast<u32>(random()) : static_cast<u32>(random() % 300);
            leaf.add_header({random() % 3 == 0 ? random() : btrfs::from_top(random() % 14), info.type, random()},
                            static_cast<u32>(random() % 4500), size);
        }
        check_bounded(leaf);
    }
}

} // namespace hostile_items_test
