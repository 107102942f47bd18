// SPDX-License-Identifier: MIT
// What the VFS would refuse is refused, and what needs a special form gets it: names of full items, links at their
// bound, flags that exclude each other.
#include "formats/btrfs/item_types.h"
#include "tests/unit/edit/edit_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace edit_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr auto top = Edit::top;

u64 flags_of(Edit& edit, const PlaceInTree& file) {
    return must(edit.inodes.get(file)).flags;
}

} // namespace

TEST_CASE("edit: names that no file can have, that are taken, and that lead elsewhere") {
    const auto bench = empty_bench();
    Edit edit(bench);
    for (const std::string name : {"", ".", "..", "a/b"}) {
        CHECK(is_refused(edit.files.create({top, name}, {.mode = S_IFREG | 0644}), "called", ErrorKind::usage));
    }
    CHECK(is_refused(edit.files.create({top, std::string(256, 'x')}, {.mode = S_IFREG}), "called", ErrorKind::usage));
    const auto file = edit.make("file", S_IFREG | 0644);
    const auto dir = edit.make("dir", S_IFDIR | 0755);
    CHECK(is_refused(edit.files.create({top, "file"}, {.mode = S_IFREG}), "is there already"));
    CHECK(is_refused(edit.files.create({file, "x"}, {.mode = S_IFREG}), "directory"));
    CHECK(is_refused(edit.files.unlink({top, "none"}), "no \"none\"", ErrorKind::not_found));
    CHECK(is_refused(edit.files.unlink({top, "dir"}), "is a directory"));
    CHECK(is_refused(edit.files.remove_directory({top, "file"}), "is no directory"));
    CHECK(is_refused(edit.files.link(dir, {top, "dir2"}), "directory"));
    must(edit.files.create({dir, "inside"}, {.mode = S_IFDIR | 0755}));
    CHECK(is_refused(edit.files.remove_directory({top, "dir"}), "not empty"));
    const auto inside = must(edit.files.directories().find("/dir/inside"));
    CHECK(is_refused(edit.files.rename({top, "dir"}, {inside, "dir"}), "into itself"));
    CHECK(is_refused(edit.files.rename({top, "file"}, {top, "dir"}), "is a directory"));
    CHECK(is_refused(edit.files.rename({top, "dir"}, {top, "file"}), "is no directory"));
    CHECK(is_refused(edit.files.directories().find("/file/x"), "/file is no directory", ErrorKind::not_found));
    CHECK(is_refused(edit.files.directories().find("/dir/../file"), "..", ErrorKind::usage));
    must(edit.files.create({top, "link"}, {.mode = S_IFLNK | 0777, .link_target = "dir"}));
    CHECK(is_refused(edit.files.directories().find("/link/inside"), "symbolic link", ErrorKind::not_found));
    CHECK(is_refused(edit.files.create({top, "l2"}, {.mode = S_IFLNK, .link_target = {}}), "symbolic link",
                     ErrorKind::unsupported));
    edit.commit();
}

TEST_CASE("edit: other subvolumes, read-only ones, and what snapshots leave of them") {
    const auto bench = empty_bench();
    std::mt19937 random(1);
    {
        Edit edit(bench);
        SubvolumeEditor subvolumes(edit.transaction(), {.sec = 5000});
        edit.make("file", S_IFREG | 0644);
        must(subvolumes.create({top, "sub"}, {.uuid = random_uuid(random)}));
        must(subvolumes.snapshot(btrfs::fs_tree_id, {top, "frozen"},
                                 {.uuid = random_uuid(random), .is_read_only = true}));
        edit.commit();
    }
    Edit edit(bench);
    const auto file = must(edit.files.directories().find("/file"));
    const auto sub = must(edit.files.directories().find("/sub"));
    const auto frozen = must(edit.files.directories().find("/frozen"));
    const auto frozen_file = must(edit.files.directories().find("/frozen/file"));
    CHECK(is_refused(edit.files.link(file, {sub, "x"}), "another subvolume"));
    CHECK(is_refused(edit.files.rename({top, "file"}, {sub, "x"}), "another subvolume"));
    CHECK(is_refused(edit.files.unlink({top, "sub"}), "is a subvolume"));
    CHECK(is_refused(edit.files.remove_directory({top, "sub"}), "is a subvolume"));
    CHECK(is_refused(edit.files.remove_tree({top, "sub"}, {}), "is a subvolume"));
    CHECK(is_refused(edit.files.rename({top, "sub"}, {top, "x"}), "subvolume"));
    CHECK(is_refused(edit.files.create({frozen, "x"}, {.mode = S_IFREG}), "read-only"));
    CHECK(is_refused(edit.files.unlink({frozen, "file"}), "read-only"));
    CHECK(is_refused(edit.data.resize(frozen_file, 1), "read-only"));
    CHECK(is_refused(edit.files.set_attributes(frozen_file, {.uid = 1}), "read-only"));
    SubvolumeEditor subvolumes(edit.transaction(), {.sec = 5000});
    must(subvolumes.snapshot(btrfs::fs_tree_id, {top, "copy"}, {.uuid = random_uuid(random)}));
    const auto copy = must(edit.files.directories().find("/copy"));
    must(edit.files.remove_directory({copy, "sub"}));
    must(edit.files.remove_tree({copy, "frozen"}, {}));
    must(edit.files.unlink({copy, "file"}));
    edit.commit();
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("edit: more names in one directory than an item holds, and more than a file may have") {
    for (const bool has_extref : {true, false}) {
        auto kind = FilesystemKind{.slack_bytes = 24 * mib};
        if (!has_extref) {
            kind.features = {"^extref"};
        }
        const auto bench = empty_bench(kind); // with tree blocks of 4 KiB
        std::vector<std::string> names;
        {
            Edit edit(bench);
            const auto file = edit.make("first", S_IFREG | 0644);
            Result<void> linked;
            for (unsigned number = 0; linked && number < 60; ++number) {
                names.push_back(fmt::format("{:0>200}", number));
                linked = edit.files.link(file, {top, names.back()});
            }
            if (!has_extref) {
                CHECK(is_refused(linked, "too many names", ErrorKind::no_space));
                continue;
            }
            must(std::move(linked));
            edit.commit();
        }
        CHECK(check_filesystem(bench.open()).findings.all().empty());
        Edit edit(bench);
        for (std::size_t i = 0; i < names.size(); i += 2) {
            must(edit.files.unlink({top, names[i]}));
        }
        must(edit.files.rename({top, names[1]}, {top, "new"}));
        const auto file = must(edit.files.directories().find("/new"));
        CHECK(must(edit.inodes.get(file)).nlink == 31);
        must(edit.inodes.change(file, [](btrfs::InodeItem& item) { item.nlink = 65535; }));
        CHECK(is_refused(edit.files.link(file, {top, "one-more"}), "65535"));
        must(edit.inodes.change(file, [](btrfs::InodeItem& item) { item.nlink = 31; }));
        edit.commit();
        CHECK(check_filesystem(bench.open()).findings.all().empty());
    }
}

TEST_CASE("edit: flags as btrfs(5) has them") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto dir = edit.make("dir", S_IFDIR | 0755);
    must(edit.files.change_flags(dir, btrfs::inode_nodatacow, 0));
    const auto inherited = must(edit.files.create({dir, "file"}, {.mode = S_IFREG | 0644}));
    CHECK(flags_of(edit, inherited) == (btrfs::inode_nodatacow | btrfs::inode_nodatasum));
    CHECK(is_refused(edit.files.change_flags(inherited, btrfs::inode_compress, 0), "compressed"));
    CHECK(is_refused(edit.files.set_xattr(inherited, {"btrfs.compression", "zstd"}), "compressed"));
    must(edit.data.write(inherited, 0, bytes_of(std::string(5000, 'x'))));
    CHECK(is_refused(edit.files.change_flags(inherited, 0, btrfs::inode_nodatacow), "empty"));
    const auto plain = edit.make("plain", S_IFREG | 0644);
    must(edit.data.write(plain, 0, bytes_of(std::string(5000, 'y'))));
    CHECK(is_refused(edit.data.clone(plain, {0, 4096}, inherited, 0), "checksums"));

    must(edit.files.change_flags(plain, btrfs::inode_compress, 0));
    CHECK(must(edit.files.xattrs(plain)) == std::vector<Xattr>{{"btrfs.compression", "zlib"}});
    must(edit.files.change_flags(plain, btrfs::inode_nocompress, btrfs::inode_compress));
    CHECK(must(edit.files.xattrs(plain)).empty());
    CHECK(is_refused(edit.files.set_xattr(plain, {"btrfs.compression", "rar"}), "rar", ErrorKind::usage));
    must(edit.files.set_xattr(plain, {"btrfs.compression", "zstd"}));
    CHECK(flags_of(edit, plain) == btrfs::inode_compress);

    const auto packing = edit.make("packing", S_IFDIR | 0755);
    must(edit.files.set_xattr(packing, {"btrfs.compression", "lzo"}));
    const auto packed = must(edit.files.create({packing, "file"}, {.mode = S_IFREG | 0644}));
    CHECK(flags_of(edit, packed) == btrfs::inode_compress);
    CHECK(must(edit.files.xattrs(packed)) == std::vector<Xattr>{{"btrfs.compression", "lzo"}});

    must(edit.files.change_flags(plain, btrfs::inode_immutable, 0));
    CHECK(is_refused(edit.files.unlink({top, "plain"}), "immutable"));
    CHECK(is_refused(edit.data.resize(plain, 0), "immutable"));
    CHECK(is_refused(edit.files.set_attributes(plain, {.uid = 1}), "immutable"));
    must(edit.files.change_flags(plain, 0, btrfs::inode_immutable));
    must(edit.files.unlink({top, "plain"}));
    edit.commit();
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("edit: attributes that don't fit are refused, and files of fs-verity are left alone") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto file = edit.make("file", S_IFREG | 0644);
    CHECK(is_refused(edit.files.set_xattr(file, {"user." + std::string(300, 'x'), ""}), "does not fit",
                     ErrorKind::unsupported));
    CHECK(is_refused(edit.files.set_xattr(file, {"user.x", std::string(5000, 'x')}), "does not fit",
                     ErrorKind::unsupported));
    CHECK(is_refused(edit.files.remove_xattr(file, "user.x"), "no attribute", ErrorKind::not_found));
    must(edit.inodes.change(file, [](btrfs::InodeItem& item) { item.flags = btrfs::inode_ro_verity; }));
    CHECK(is_refused(edit.data.write(file, 0, bytes_of("x")), "verity"));
    CHECK(is_refused(edit.data.resize(file, 1), "verity"));
}

TEST_CASE("edit: a full filesystem is said to be full") {
    const auto bench = empty_bench({.slack_bytes = 8 * mib});
    Edit edit(bench);
    const auto file = edit.make("file", S_IFREG | 0644);
    const auto kept = must(edit.inodes.get(file)).size;
    CHECK(kept == 0);
    CHECK(is_refused(edit.data.write(file, 0, bytes_of(std::string(64 * mib, 'x'))), "no space left for data",
                     ErrorKind::no_space));
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

} // namespace edit_test
