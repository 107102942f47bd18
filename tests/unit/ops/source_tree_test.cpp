// SPDX-License-Identifier: MIT
#include "formats/btrfs/flags.h"
#include "libfs/ops/source/adjust.h"
#include "libfs/ops/source/posix_acl.h"
#include "libfs/ops/source/tar_tree.h"
#include "tests/unit/ops/mkfs_sources.h"

#include <sys/stat.h>

namespace source_tree_test {

using namespace btrkit;
using namespace btrkit::source;
using namespace btrkit::test;

namespace {

SourceInode plain(u32 mode) {
    SourceInode inode;
    inode.mode = mode;
    return inode;
}

/// d/{deep/{file,link to d/deep/file},file2}, other/{same as d/deep/file}, top
SourceTree sample() {
    TarTree tree({.sec = 50, .nsec = 1});
    static_cast<void>(tree.add("top", plain(S_IFREG | 0600)).value());
    static_cast<void>(tree.add("d/deep/file", plain(S_IFREG | 0644)).value());
    tree.inode(tree.add("d/file2", plain(S_IFREG | 0644)).value()).content = 7;
    tree.inode(tree.add("d/sym", plain(S_IFLNK | 0777)).value()).link_target = "x";
    tree.add_link("d/deep/again", "d/deep/file").value();
    tree.add_link("other/same", "d/deep/file").value();
    return tree.release();
}

} // namespace

TEST_CASE("an empty source is a directory of root's") {
    const SourceTree tree = empty_source_tree({.sec = 5, .nsec = 6});
    REQUIRE(tree.inodes.size() == 1);
    CHECK(tree.inodes[0].mode == (S_IFDIR | 0755));
    CHECK(tree.inodes[0].otime == Time{5, 6});
    CHECK(path_of(tree, 0) == ".");
}

TEST_CASE("paths are those of first names, in the order of the walk") {
    const SourceTree tree = sample();
    const u32 file = number_at(tree, "other/same");
    CHECK(path_of(tree, file) == "d/deep/again");
    CHECK(path_of(tree, number_at(tree, "d/deep")) == "d/deep");
    std::string order;
    for_each_entry(tree,
                   [&](u32 directory, u32 position) { order += tree.inodes[directory].entries[position].name + ' '; });
    CHECK(order == "d deep again file file2 sym other same top ");
}

TEST_CASE("a tree of great depth is no deep recursion") {
    constexpr int depth = 200'000;
    SourceTree tree = empty_source_tree({});
    for (u32 i = 0; i < depth; ++i) {
        tree.inodes[i].entries.push_back({.name = "d", .inode = i + 1});
        tree.inodes.push_back(plain(S_IFDIR | 0755));
    }
    settle(tree);
    CHECK(path_of(tree, depth).size() == 2 * depth - 1);
    split_links(tree);
    CHECK(tree.inodes.size() == depth + 1);
}

TEST_CASE("inodes are found by path") {
    const SourceTree tree = sample();
    CHECK(number_at(tree, "") == 0);
    CHECK(number_at(tree, "./") == 0);
    CHECK(number_at(tree, "./d//deep/") == number_at(tree, "d/deep"));
    for (const char* path : {"nothing", "d/nothing", "top/x", "d/sym/x", "e"}) {
        const auto found = find_inode(tree, path);
        REQUIRE(!found.has_value());
        CHECK(found.error().kind == ErrorKind::not_found);
        says(found.error(), path);
    }
    CHECK(find_inode(tree, "d/../d").error().kind == ErrorKind::usage);
}

TEST_CASE("times later than the epoch become it, and others follow the mtime") {
    SourceTree tree = sample();
    SourceInode& file = tree.inodes[1];
    file.mtime = {.sec = 40, .nsec = 9};
    file.atime = file.ctime = file.otime = {.sec = 45, .nsec = 0};
    clamp_times(tree, 50);
    CHECK(tree.inodes[0].mtime == Time{50, 0});
    CHECK(tree.inodes[0].otime == Time{50, 0});
    CHECK(file.mtime == Time{40, 9});
    CHECK(file.atime == Time{40, 9});
    CHECK(file.ctime == Time{40, 9});
    CHECK(file.otime == Time{40, 9});
}

TEST_CASE("owners can be replaced") {
    SourceTree tree = sample();
    SUBCASE("all by root, whatever the maps") {
        tree.inodes[1].uid = 5;
        REQUIRE(set_ownership(tree, {.all_root = true, .owner = {}, .uid_map = {{.from = 9, .to = 1, .count = 1}}})
                    .has_value());
        CHECK(tree.inodes[1].uid == 0);
    }
    SUBCASE("all by one") {
        REQUIRE(set_ownership(tree, {.owner = std::pair{3U, 4U}}).has_value());
        CHECK(tree.inodes[0].uid == 3);
        CHECK(tree.inodes[2].gid == 4);
    }
    SUBCASE("by maps, of which the other may be missing") {
        tree.inodes[1].uid = 1001;
        tree.inodes[1].gid = 77;
        const Acl acl = {{.tag = AclTag::user, .permissions = 6, .id = 1002}, {.tag = AclTag::group, .id = 5}};
        tree.inodes[1].xattrs = {{.name = std::string(acl_access_xattr), .value = acl_xattr_value(complete_acl(acl))}};
        const std::vector<IdMap> map = {{.from = 0, .to = 100'000, .count = 1}, {.from = 1000, .to = 0, .count = 10}};
        REQUIRE(set_ownership(tree, {.uid_map = map}).has_value());
        CHECK(tree.inodes[0].uid == 100'000);
        CHECK(tree.inodes[1].uid == 1);
        CHECK(tree.inodes[1].gid == 77);
        const auto mapped = parse_acl_xattr(tree.inodes[1].xattrs[0].value);
        REQUIRE(mapped.has_value());
        CHECK(mapped->at(0).id == 2);
        CHECK(mapped->at(1).id == 5);
    }
    SUBCASE("not where a map leaves one out") {
        tree.inodes[number_at(tree, "d/file2")].gid = 9;
        const auto done = set_ownership(tree, {.gid_map = {{.from = 0, .to = 1, .count = 9}}});
        REQUIRE(!done.has_value());
        CHECK(done.error().kind == ErrorKind::usage);
        says(done.error(), "d/file2: gid 9");
    }
    SUBCASE("not where a map leads too far") {
        CHECK(!set_ownership(tree, {.uid_map = {{.from = 0, .to = ~0U, .count = 1}}}).has_value());
    }
}

TEST_CASE("inode flags are inherited within a subvolume") {
    SourceTree tree = sample();
    REQUIRE(mark_subvolume(tree, "d/deep", SubvolumeKind::writable).has_value());
    split_links(tree);
    REQUIRE(set_inode_flags(tree, "d", btrfs::inode_nodatacow).has_value());
    CHECK(inode_at(tree, "d").flags == btrfs::inode_nodatacow);
    CHECK(inode_at(tree, "d/file2").flags == (btrfs::inode_nodatacow | btrfs::inode_nodatasum));
    CHECK(inode_at(tree, "d/sym").flags == 0);
    CHECK(inode_at(tree, "d/deep").flags == 0);
    CHECK(inode_at(tree, "d/deep/file").flags == 0);
    CHECK(inode_at(tree, "top").flags == 0);
    REQUIRE(set_inode_flags(tree, "d/deep", btrfs::inode_nodatasum).has_value());
    CHECK(inode_at(tree, "d/deep/file").flags == btrfs::inode_nodatasum);
    CHECK(inode_at(tree, "other/same").flags == 0);
    CHECK(set_inode_flags(tree, "zz", 1).error().kind == ErrorKind::not_found);
}

TEST_CASE("only directories below the top become subvolumes, once") {
    SourceTree tree = sample();
    REQUIRE(mark_subvolume(tree, "d", SubvolumeKind::read_only).value() == number_at(tree, "d"));
    CHECK(inode_at(tree, "d").subvolume == SubvolumeKind::read_only);
    // The top is a subvolume, and writable: asked for as such it stays what it is.
    CHECK(mark_subvolume(tree, ".", SubvolumeKind::writable).value() == 0);
    for (const char* path : {"d", "top"}) {
        const auto marked = mark_subvolume(tree, path, SubvolumeKind::writable);
        REQUIRE(!marked.has_value());
        CHECK(marked.error().kind == ErrorKind::usage);
        says(marked.error(), path);
    }
    CHECK(mark_subvolume(tree, "q", SubvolumeKind::writable).error().kind == ErrorKind::not_found);
}

TEST_CASE("hard links are split where subvolumes part them") {
    SourceTree tree = sample();
    tree.inodes[number_at(tree, "d/deep/file")].content = 42;
    const std::size_t before = tree.inodes.size();
    SUBCASE("no subvolumes: nothing changes") {
        split_links(tree);
        CHECK(tree.inodes.size() == before);
        CHECK(number_at(tree, "d/deep/again") == number_at(tree, "other/same"));
    }
    SUBCASE("one inode in each of two") {
        REQUIRE(mark_subvolume(tree, "d", SubvolumeKind::writable).has_value());
        split_links(tree);
        CHECK(tree.inodes.size() == before + 1);
        const u32 inside = number_at(tree, "d/deep/again");
        const u32 outside = number_at(tree, "other/same");
        CHECK(inside == number_at(tree, "d/deep/file")); // a directory is no border
        CHECK(inside != outside);
        CHECK(tree.inodes[outside].content == 42);
        CHECK(tree.inodes[outside].mode == tree.inodes[inside].mode);
        CHECK(path_of(tree, outside) == "other/same");
    }
    SUBCASE("one inode in each of three") {
        TarTree three({});
        static_cast<void>(three.add("a/x", plain(S_IFREG)).value());
        three.add_link("b/x", "a/x").value();
        three.add_link("b/y", "a/x").value();
        three.add_link("z", "a/x").value();
        tree = three.release();
        static_cast<void>(mark_subvolume(tree, "a", SubvolumeKind::writable).value());
        static_cast<void>(mark_subvolume(tree, "b", SubvolumeKind::writable).value());
        split_links(tree);
        CHECK(tree.inodes.size() == 6);
        CHECK(number_at(tree, "b/x") == number_at(tree, "b/y"));
        CHECK(number_at(tree, "a/x") != number_at(tree, "z"));
        CHECK(number_at(tree, "b/x") != number_at(tree, "z"));
    }
}

TEST_CASE("access control lists are completed as the kernel wants them") {
    const Acl acl = complete_acl({{.tag = AclTag::other, .permissions = 4},
                                  {.tag = AclTag::user, .permissions = 7, .id = 9},
                                  {.tag = AclTag::group_obj, .permissions = 5},
                                  {.tag = AclTag::user, .permissions = 1, .id = 3},
                                  {.tag = AclTag::user_obj, .permissions = 6}});
    REQUIRE(acl.size() == 6);
    CHECK(acl[1].id == 3);
    CHECK(acl[4] == AclEntry{.tag = AclTag::mask, .permissions = 7});
    CHECK(mode_of_acl(acl, S_IFREG | 04000) == (S_IFREG | 04674));
    const std::string value = acl_xattr_value(acl);
    CHECK(value.size() == 4 + 6 * 8);
    CHECK(parse_acl_xattr(value) == acl);
    CHECK(!parse_acl_xattr(value.substr(1)).has_value());
    CHECK(!parse_acl_xattr("").has_value());
}

} // namespace source_tree_test
