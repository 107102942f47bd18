// SPDX-License-Identifier: MIT
// The rules for EXTENT_ITEM, METADATA_ITEM, inline references and keyed ones.
#include "tests/unit/tree/item_findings.h"

namespace check_extent_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr u64 data_flag = btrfs::extent_flag_data;
constexpr u64 block_flag = btrfs::extent_flag_tree_block;
constexpr u64 parent = u64{30} << 20;
constexpr btrfs::Key a_data_extent{1 << 20, type::extent_item, 8192};
constexpr btrfs::Key a_block{1 << 20, type::metadata_item, 0};

using Parts = std::vector<std::vector<std::byte>>;

std::string extent_findings(const btrfs::Key& key, const btrfs::ExtentItem& head, const Parts& parts = {}) {
    return findings({{key, joined({bytes_from(head), joined(parts)})}}, btrfs::extent_tree_id);
}
std::string data_findings(const Parts& refs, u64 count = 100) {
    return extent_findings(a_data_extent, extent_head(count, data_flag), refs);
}
std::string block_findings(const Parts& refs, u64 count = 100) {
    return extent_findings(a_block, extent_head(count, block_flag), refs);
}
std::string keyed_findings(const btrfs::Key& key, const std::vector<std::byte>& body = {}) {
    return findings({{key, body}}, btrfs::extent_tree_id);
}

} // namespace

TEST_CASE("keys of extents") {
    const auto block = extent_head(1, block_flag);
    CHECK(extent_findings({1 << 20, type::metadata_item, 7}, block) == "");
    CHECK(extent_findings({1 << 20, type::metadata_item, 8}, block) == "item-extent");
    CHECK(extent_findings({4097, type::metadata_item, 0}, block) == "item-extent");
    CHECK(extent_findings({4097, type::extent_item, 4096}, extent_head(1, data_flag)) == "item-extent");
    CHECK(extent_findings({4096, type::extent_item, 4095}, extent_head(1, data_flag)) == "item-extent");
    Geometry old = sample_geometry();
    old.incompat_flags &= ~btrfs::incompat_skinny_metadata;
    CHECK(findings({{a_block, bytes_from(block)}}, btrfs::extent_tree_id, old) == "item-extent");
}

TEST_CASE("extents are either data or a tree block") {
    CHECK(extent_findings(a_data_extent, extent_head(1, 0)) == "item-extent");
    CHECK(extent_findings(a_data_extent, extent_head(1, data_flag | block_flag)) == "item-extent");
    CHECK(extent_findings(a_data_extent, extent_head(1, data_flag | btrfs::extent_flag_full_backref)) == "item-extent");
    CHECK(extent_findings(a_block, extent_head(1, block_flag | btrfs::extent_flag_full_backref)) == "");
    CHECK(extent_findings(a_block, extent_head(1, data_flag)) == "item-extent");
}

TEST_CASE("extent generations") {
    auto head = extent_head(1, data_flag);
    head.generation = 101;
    CHECK(extent_findings(a_data_extent, head) == "");
    head.generation = 102;
    CHECK(extent_findings(a_data_extent, head) == "item-extent");
}

TEST_CASE("tree blocks in EXTENT_ITEMs carry their level and have the nodesize") {
    const btrfs::Key key{1 << 20, type::extent_item, 4096};
    const auto head = extent_head(1, block_flag);
    const auto info = [](u8 level) { return bytes_from(btrfs::TreeBlockInfo{.key = {}, .level = level}); };
    CHECK(extent_findings(key, head, {info(7), block_ref(type::tree_block_ref, 5)}) == "");
    CHECK(extent_findings(key, head, {info(8)}) == "item-extent");
    CHECK(extent_findings({1 << 20, type::extent_item, 8192}, head, {info(0)}) == "item-extent");
    CHECK(extent_findings(key, head, {bytes_from("cut")}) == "item-size");
}

TEST_CASE("inline references are of a known type, whole, and nothing follows them") {
    CHECK(data_findings({block_ref(99, 0)}) == "item-extent-inline-ref");
    CHECK(data_findings({block_ref(0, 0)}) == "item-extent-inline-ref");
    for (const auto& ref : {data_ref(5, 257, 0, 1), shared_data_ref(parent, 1), block_ref(type::extent_owner_ref, 5)}) {
        CHECK(data_findings({ref}) == "");
        CHECK(data_findings({{ref.begin(), ref.end() - 1}}) == "item-extent-inline-ref");
        CHECK(data_findings({ref, bytes_from("\x01")}) == "item-extent-inline-ref");
    }
}

TEST_CASE("data is referred to by files, tree blocks by trees and blocks") {
    CHECK(data_findings({block_ref(type::tree_block_ref, 5)}) == "item-extent-inline-ref");
    CHECK(data_findings({block_ref(type::shared_block_ref, parent)}) == "item-extent-inline-ref");
    CHECK(block_findings({data_ref(5, 257, 0, 1)}) == "item-extent-inline-ref");
    CHECK(block_findings({shared_data_ref(parent, 1)}) == "item-extent-inline-ref");
}

TEST_CASE("fields of inline references") {
    for (const u64 root : {u64{1}, u64{5}, u64{256}, btrfs::data_reloc_tree_id}) {
        CHECK(data_findings({data_ref(root, 257, 0, 1)}) == "");
    }
    for (const u64 root : {u64{0}, u64{2}, u64{255}, btrfs::tree_log_id}) {
        CHECK(data_findings({data_ref(root, 257, 0, 1)}) == "item-extent-inline-ref");
    }
    CHECK(data_findings({data_ref(5, btrfs::free_ino_objectid, 0, 1)}) == "");
    CHECK(data_findings({data_ref(5, 255, 0, 1)}) == "item-extent-inline-ref");
    CHECK(data_findings({data_ref(5, 257, 1, 1)}) == "item-extent-inline-ref");
    CHECK(data_findings({data_ref(5, 257, 0, 0)}) == "item-extent-inline-ref");
    CHECK(data_findings({shared_data_ref(parent + 1, 1)}) == "item-extent-inline-ref");
    CHECK(data_findings({shared_data_ref(parent, 0)}) == "item-extent-inline-ref");
    CHECK(block_findings({block_ref(type::shared_block_ref, parent + 1)}) == "item-extent-inline-ref");
}

TEST_CASE("inline references are sorted: types ascend, sequences within a type descend") {
    const auto tree = [](u64 root) { return block_ref(type::tree_block_ref, root); };
    const auto shared = [](u64 block) { return block_ref(type::shared_block_ref, block); };
    CHECK(block_findings({tree(300), tree(5), shared(2 * parent), shared(parent)}) == "");
    CHECK(block_findings({tree(5), tree(5)}) == "");
    CHECK(block_findings({tree(5), tree(300)}) == "item-extent-inline-ref");
    CHECK(block_findings({shared(parent), tree(5)}) == "item-extent-inline-ref");
    CHECK(data_findings({data_ref(5, 257, 0, 1), block_ref(type::extent_owner_ref, 5)}) == "item-extent-inline-ref");
    // data references by hash: one of the two orders is the right one
    const auto first = data_ref(5, 257, 0, 1);
    const auto second = data_ref(5, 258, 0, 1);
    CHECK(data_findings({first, second}) + data_findings({second, first}) == "item-extent-inline-ref");
}

TEST_CASE("an extent has at least as many references as stand in its item") {
    CHECK(data_findings({data_ref(5, 257, 0, 3), shared_data_ref(parent, 2)}, 5) == "");
    CHECK(data_findings({data_ref(5, 257, 0, 3), shared_data_ref(parent, 2)}, 4) == "item-extent");
    CHECK(block_findings({block_ref(type::tree_block_ref, 5)}, 0) == "item-extent");
    CHECK(data_findings({block_ref(type::extent_owner_ref, 5)}, 0) == "");
}

TEST_CASE("extents don't overlap") {
    const auto data = [](u64 start, u64 length) {
        return LeafItem{{start, type::extent_item, length}, bytes_from(extent_head(1, data_flag))};
    };
    const auto block = [](u64 start) {
        return LeafItem{{start, type::metadata_item, 0}, bytes_from(extent_head(1, block_flag))};
    };
    Geometry geometry = sample_geometry();
    geometry.nodesize = 16384;
    const auto check = [&](const LeafItem& first, const LeafItem& second) {
        return findings({first, second}, btrfs::extent_tree_id, geometry);
    };
    CHECK(check(data(4096, 8192), data(12288, 4096)) == "");
    CHECK(check(data(4096, 8192), data(8192, 4096)) == "item-extent-overlap");
    CHECK(check(data(4096, 8192), data(4096, 12288)) == "item-extent-overlap");
    CHECK(check(block(16384), data(32768, 4096)) == "");
    CHECK(check(block(16384), data(28672, 4096)) == "item-extent-overlap");
    CHECK(check(block(16384), block(20480)) == "item-extent-overlap");
}

TEST_CASE("keyed references") {
    const u64 extent = 1 << 20;
    CHECK(keyed_findings({extent, type::tree_block_ref, 5}) == "");
    CHECK(keyed_findings({extent + 1, type::tree_block_ref, 5}) == "item-extent-ref");
    CHECK(keyed_findings({extent, type::tree_block_ref, 5}, bytes_from("x")) == "item-size");
    CHECK(keyed_findings({extent, type::shared_block_ref, parent}) == "");
    CHECK(keyed_findings({extent + 1, type::shared_block_ref, parent}) == "item-extent-ref");
    CHECK(keyed_findings({extent, type::shared_block_ref, parent + 1}) == "item-extent-ref");
    const auto count = [](u32 number) { return bytes_from(btrfs::SharedDataRef{.count = number}); };
    CHECK(keyed_findings({extent, type::shared_data_ref, parent}, count(1)) == "");
    CHECK(keyed_findings({extent, type::shared_data_ref, parent}, count(0)) == "item-extent-ref");
    CHECK(keyed_findings({extent + 1, type::shared_data_ref, parent}, count(1)) == "item-extent-ref");
    CHECK(keyed_findings({extent, type::shared_data_ref, parent + 1}, count(1)) == "item-extent-ref");
}

TEST_CASE("keyed data references") {
    const auto check = [](const std::vector<std::byte>& body, u64 extent = 1 << 20) {
        return keyed_findings({extent, type::extent_data_ref, 77}, body);
    };
    const auto good = data_ref_body(5, 257, 4096, 1);
    CHECK(check(good) == "");
    CHECK(check(joined({good, good})) == "");
    CHECK(check(good, 4097) == "item-extent-ref");
    CHECK(check(joined({good, bytes_from("x")})) == "item-size");
    CHECK(check(data_ref_body(2, 257, 4096, 1)) == "item-extent-ref");
    CHECK(check(data_ref_body(5, 255, 4096, 1)) == "item-extent-ref");
    CHECK(check(data_ref_body(5, 257, 4095, 1)) == "item-extent-ref");
    CHECK(check(data_ref_body(5, 257, 4096, 0)) == "item-extent-ref");
    CHECK(check(joined({good, data_ref_body(5, 257, 4096, 0)})) == "item-extent-ref");
}

} // namespace check_extent_items_test
