// SPDX-License-Identifier: MIT
// The rules for ROOT_ITEM, ROOT_REF, ROOT_BACKREF and the uuid tree.
#include "tests/unit/tree/item_findings.h"

namespace check_root_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr btrfs::Key a_root{300, type::root_item, 0};

template <class Change>
std::string root_findings(Change change) {
    return findings({{a_root, changed(valid_root(), change)}}, btrfs::root_tree_id);
}

std::string root_key_findings(const btrfs::Key& key) {
    return findings({{key, bytes_from(valid_root())}}, btrfs::root_tree_id);
}

std::string root_size_findings(std::size_t size) {
    auto body = bytes_from(valid_root());
    body.resize(size);
    return findings({{a_root, body}}, btrfs::root_tree_id);
}

std::string ref_findings(u16 name_length, std::string_view name) {
    const auto body = bytes_from(btrfs::RootRef{.dirid = 256, .sequence = 2, .name_len = name_length}, name);
    const auto forward = findings({{{5, type::root_ref, 300}, body}}, btrfs::root_tree_id);
    CHECK(forward == findings({{{300, type::root_backref, 5}, body}}, btrfs::root_tree_id));
    return forward;
}

} // namespace

TEST_CASE("root items: generations, address, levels, flags") {
    CHECK(root_findings([](auto& root) { root.generation = root.generation_v2 = root.last_snapshot = 101; }) == "");
    CHECK(root_findings([](auto& root) { root.generation = 102; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.generation_v2 = 102; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.last_snapshot = 102; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.bytenr = 4097; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.level = root.drop_level = 7; }) == "");
    CHECK(root_findings([](auto& root) { root.level = 8; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.drop_level = 8; }) == "item-root");
    CHECK(root_findings([](auto& root) { root.flags = btrfs::root_subvol_rdonly | btrfs::root_subvol_dead; }) == "");
    CHECK(root_findings([](auto& root) { root.flags = 2; }) == "item-root");
}

TEST_CASE("root items have the new size or the old one, which ends before generation_v2") {
    CHECK(root_size_findings(sizeof(btrfs::RootItem)) == "");
    CHECK(root_size_findings(btrfs::legacy_root_item_size) == "");
    CHECK(root_size_findings(btrfs::legacy_root_item_size + 1) == "item-size");
    CHECK(root_size_findings(sizeof(btrfs::RootItem) - 1) == "item-size");
}

TEST_CASE("keys of root items") {
    CHECK(root_key_findings({0, type::root_item, 0}) == "item-root");
    CHECK(root_key_findings({300, type::root_item, 99}) == "");
    CHECK(root_key_findings({btrfs::tree_reloc_id, type::root_item, 300}) == "");
    CHECK(root_key_findings({btrfs::tree_reloc_id, type::root_item, 0}) == "item-root");
    CHECK(root_key_findings({btrfs::tree_reloc_id, type::root_item, btrfs::extent_tree_id}) == "item-root");
}

TEST_CASE("root references end with their name") {
    CHECK(ref_findings(3, "sub") == "");
    CHECK(ref_findings(255, std::string(255, 's')) == "");
    CHECK(ref_findings(256, std::string(256, 's')) == "item-root-ref");
    CHECK(ref_findings(0, "") == "item-root-ref");
    CHECK(ref_findings(2, "sub") == "item-root-ref");
    CHECK(ref_findings(4, "sub") == "item-root-ref");
}

TEST_CASE("the uuid tree lists whole ids") {
    CHECK(findings({{{1, type::uuid_key_subvol, 2}, std::vector<std::byte>(16)}}, btrfs::uuid_tree_id) == "");
    CHECK(findings({{{1, type::uuid_key_subvol, 2}, std::vector<std::byte>(12)}}, btrfs::uuid_tree_id) == "item-size");
}

} // namespace check_root_items_test
