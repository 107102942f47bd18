// SPDX-License-Identifier: MIT
// The rules for INODE_ITEM, INODE_REF and INODE_EXTREF.
#include "tests/unit/tree/item_findings.h"

namespace check_inode_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

template <class Change>
std::string inode_findings(u32 mode, Change change, const btrfs::Key& key = {257, type::inode_item, 0}) {
    return findings({{key, changed(valid_inode(mode), change)}}, btrfs::fs_tree_id);
}

constexpr auto unchanged = [](auto&) {};

template <class Ref>
std::string ref_findings(u8 ref_type, u16 name_length, std::string_view name, std::string_view tail = {}) {
    Ref ref;
    if constexpr (std::same_as<Ref, btrfs::InodeExtref>) {
        ref.parent = 256;
    }
    ref.name_len = name_length;
    return findings({{{257, ref_type, 256}, bytes_from(ref, name, tail)}}, btrfs::fs_tree_id);
}

template <class Ref>
void check_ref_rules(u8 ref_type) {
    const std::string longest(255, 'n');
    CHECK(ref_findings<Ref>(ref_type, 255, longest) == "");
    CHECK(ref_findings<Ref>(ref_type, 256, longest + "n") == "item-inode-ref");
    CHECK(ref_findings<Ref>(ref_type, 0, "") == "item-inode-ref");
    CHECK(ref_findings<Ref>(ref_type, 5, "name") == "item-inode-ref");
    CHECK(ref_findings<Ref>(ref_type, 4, "name", "tail") == "item-inode-ref");
}

} // namespace

TEST_CASE("inode numbers") {
    for (const u64 number : {u64{6}, u64{256}, btrfs::last_free_objectid, btrfs::free_ino_objectid}) {
        CHECK(inode_findings(0100644, unchanged, {number, type::inode_item, 0}) == "");
    }
    for (const u64 number : {u64{0}, u64{5}, u64{255}, btrfs::last_free_objectid + 1, btrfs::orphan_objectid}) {
        CHECK(inode_findings(0100644, unchanged, {number, type::inode_item, 0}) == "item-inode");
    }
    CHECK(inode_findings(0100644, unchanged, {257, type::inode_item, 1}) == "item-inode");
}

TEST_CASE("inode generations may be one ahead of the superblock's, as log trees are") {
    CHECK(inode_findings(0100644, [](auto& inode) { inode.generation = 101; }) == "");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.generation = 102; }) == "item-inode");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.generation = ~u64{0}; }) == "item-inode");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.transid = 101; }) == "");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.transid = 102; }) == "item-inode");
}

TEST_CASE("inode modes") {
    for (const u32 file_type : {0010000U, 0020000U, 0040000U, 0060000U, 0100000U, 0120000U, 0140000U}) {
        CHECK(inode_findings(file_type | 07777, unchanged) == "");
    }
    for (const u32 file_type : {0U, 0030000U, 0050000U, 0070000U, 0110000U, 0130000U, 0150000U, 0160000U, 0170000U}) {
        CHECK(inode_findings(file_type | 0644, unchanged) == "item-inode");
    }
    CHECK(inode_findings(0100644 | 0200000, unchanged) == "item-inode");
}

TEST_CASE("directories have no hard links, others may") {
    CHECK(inode_findings(0040755, [](auto& inode) { inode.nlink = 0; }) == "");
    CHECK(inode_findings(0040755, [](auto& inode) { inode.nlink = 2; }) == "item-inode");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.nlink = 2; }) == "");
}

TEST_CASE("inode flags: unknown ones are findings, unknown read-only-compatible ones are not") {
    CHECK(inode_findings(0100644, [](auto& inode) { inode.flags = 0x80000fffU; }) == "");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.flags = btrfs::flag_bit(12); }) == "item-inode");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.flags = btrfs::flag_bit(30); }) == "item-inode");
    CHECK(inode_findings(0100644, [](auto& inode) { inode.flags = btrfs::flag_bit(33); }) == "");
}

TEST_CASE("every wrong field of an inode is a finding of its own") {
    CHECK(inode_findings(0, [](auto& inode) { inode.transid = inode.generation = 500; }) ==
          "item-inode item-inode item-inode");
}

TEST_CASE("names of inode references") {
    check_ref_rules<btrfs::InodeRef>(type::inode_ref);
    check_ref_rules<btrfs::InodeExtref>(type::inode_extref);
}

TEST_CASE("names stand in directories that are inodes; kernels before 7.3 don't look") {
    const auto of_directory = [](u64 directory) {
        const auto problems = problems_of(
            {{{257, type::inode_ref, directory}, bytes_from(btrfs::InodeRef{.index = 2, .name_len = 1}, "a")},
             {{257, type::inode_extref, 1},
              bytes_from(btrfs::InodeExtref{.parent = directory, .index = 2, .name_len = 1}, "a")}},
            btrfs::fs_tree_id);
        CHECK(std::ranges::all_of(
            problems, [](const Problem& problem) { return problem.refused_by == KernelTrait::checks_name_owners; }));
        return ids_of(problems);
    };
    CHECK(of_directory(256) == "");
    CHECK(of_directory(btrfs::root_tree_dir_id) == "");
    CHECK(of_directory(0) == "item-inode-ref item-inode-ref");
    CHECK(of_directory(btrfs::orphan_objectid) == "item-inode-ref item-inode-ref");
}

TEST_CASE("in subvolumes an inode's items follow another item of that inode") {
    const LeafItem other{{256, type::inode_item, 0}, bytes_from(valid_inode(040755))};
    const auto ref = bytes_from(btrfs::InodeRef{.index = 2, .name_len = 1}, "a");
    const auto extref = bytes_from(btrfs::InodeExtref{.parent = 256, .index = 2, .name_len = 1}, "a");
    const auto extent = bytes_from(valid_extent_head(btrfs::FileExtentType::inline_data, 1), "a");
    const auto entry = dir_entry({258, type::inode_item, 0}, btrfs::FileType::regular, "a");
    const std::vector<LeafItem> items = {{{257, type::inode_ref, 256}, ref},
                                         {{257, type::inode_extref, 1}, extref},
                                         {{257, type::dir_index, 2}, entry},
                                         {{257, type::extent_data, 0}, extent}};
    for (const auto& item : items) {
        CAPTURE(unsigned{item.key.type});
        for (const u64 subvolume : {btrfs::fs_tree_id, u64{256}, u64{300}}) {
            CHECK(findings({other, item}, subvolume) == "item-without-inode");
            CHECK(findings({item}, subvolume) == "");
        }
        for (const u64 exempt : {btrfs::tree_log_id, btrfs::data_reloc_tree_id, btrfs::root_tree_id}) {
            CHECK(findings({other, item}, exempt) == "");
        }
    }
}

} // namespace check_inode_items_test
