// SPDX-License-Identifier: MIT
// Inodes, the entries of directories, subvolumes behind entries, and xattrs.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"
#include "tests/support/dir_entry.h"
#include "tests/unit/fs/file_reading.h"

#include <functional>
#include <sys/stat.h>

namespace inode_directory_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

std::vector<std::string> names_in(const Filesystem& filesystem, const InodePlace& place) {
    Directory directory(filesystem, place);
    std::vector<std::string> names;
    auto entry = directory.next();
    for (; entry && *entry; entry = directory.next()) {
        names.push_back((**entry).name);
    }
    REQUIRE_MESSAGE(entry, entry.error().message);
    return names;
}

InodePlace place_of(const Filesystem& filesystem, std::string_view path) {
    const auto place = find_path(filesystem, path);
    REQUIRE(place);
    return *place;
}

DirEntry entry_of(const Filesystem& filesystem, const InodePlace& place, std::string_view name) {
    Directory directory(filesystem, place);
    for (auto entry = directory.next(); entry && *entry; entry = directory.next()) {
        if ((**entry).name == name) {
            return **entry;
        }
    }
    FAIL("no such entry");
    return {};
}

/// The first failure of a directory whose only entry is this item.
std::optional<Error> failure_of(std::vector<std::byte> item) {
    FileImage image(0);
    image.put_data(noise(1));
    image.add_file(file_inode, 0);
    image.add_item({file_inode, type::dir_index, 2}, std::move(item));
    image.finish();
    const auto file = open_file(image);
    const auto entry = Directory(file.filesystem, file.place).next();
    return entry ? std::nullopt : std::optional(entry.error());
}

} // namespace

TEST_CASE("inodes: every field is read, times before 1970 and device numbers too") {
    btrfs::InodeItem item;
    item.generation = 11;
    item.transid = 12;
    item.size = 13;
    item.nbytes = 14;
    item.nlink = 15;
    item.uid = 4000000000U;
    item.gid = 17;
    item.mode = 0020644;
    item.rdev = (u64{259} << 20) | 70000;
    item.flags = btrfs::inode_nodatasum;
    item.sequence = 18;
    item.atime = {.sec = u64(-5), .nsec = 999999999};
    item.ctime = {.sec = 1, .nsec = 2};
    item.mtime = {.sec = 3, .nsec = 4};
    item.otime = {.sec = 5, .nsec = 6};
    const auto inode = parse_inode(300, item);
    CHECK(inode.number == 300);
    CHECK(inode.generation == 11);
    CHECK(inode.transid == 12);
    CHECK(inode.size == 13);
    CHECK(inode.nbytes == 14);
    CHECK(inode.nlink == 15);
    CHECK(inode.uid == 4000000000U);
    CHECK(inode.gid == 17);
    CHECK(inode.type() == S_IFCHR);
    CHECK(inode.device_major == 259);
    CHECK(inode.device_minor == 70000);
    CHECK_FALSE(inode.has_checksums());
    CHECK(inode.sequence == 18);
    CHECK(inode.atime == Time{-5, 999999999});
    CHECK(inode.ctime == Time{1, 2});
    CHECK(inode.mtime == Time{3, 4});
    CHECK(inode.otime == Time{5, 6});
}

TEST_CASE("inodes: found by place; missing, short and lost ones are told apart") {
    FileImage image(0);
    image.put_data(noise(1));
    image.add_file(file_inode, 77);
    image.add_item({300, type::inode_item, 0}, noise(159));
    image.finish();
    const auto file = open_file(image);
    CHECK(file.inode.size == 77);
    const auto error_of = [&](u64 number) {
        const auto inode = read_inode(file.filesystem, {.tree = file.place.tree, .inode = number});
        REQUIRE_FALSE(inode);
        return inode.error();
    };
    CHECK(error_of(258).kind == ErrorKind::not_found);
    CHECK(error_of(258).message == "no inode 258 in tree FS_TREE");
    CHECK(error_of(300).kind == ErrorKind::damaged);
    image.image().spoil(image.files().address());
    const auto spoiled = open_filesystem(image.image().all_devices());
    const auto inode = read_inode(spoiled.filesystem, file.place);
    REQUIRE_FALSE(inode);
    CHECK(inode.error().kind == ErrorKind::damaged);
}

TEST_CASE("directories: entries in the order in which they were made") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    CHECK(names_in(opened.filesystem, place_of(opened.filesystem, "/")) == std::vector<std::string>{"hello", "docs"});
    std::vector<std::string> wanted;
    for (int i = 0; i < 40; ++i) {
        wanted.push_back("file-" + std::to_string(i));
    }
    wanted.insert(wanted.end(), {std::string(colliding_names[0]), std::string(colliding_names[1]), "deep", "sub"});
    const auto docs = place_of(opened.filesystem, "/docs");
    CHECK(names_in(opened.filesystem, docs) == wanted);
    CHECK(names_in(opened.filesystem, place_of(opened.filesystem, "/hello")).empty());
    const auto entry = entry_of(opened.filesystem, docs, "deep");
    CHECK(entry.type == btrfs::FileType::directory);
    CHECK_FALSE(entry.is_subvolume());
    const auto below = follow(opened.filesystem, docs, entry);
    REQUIRE((below && *below));
    CHECK((**below).tree.id == btrfs::fs_tree_id);
    CHECK((**below).inode == entry.location.objectid);
}

TEST_CASE("directories: an entry leads into a subvolume only from where that hangs") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    const auto docs = place_of(opened.filesystem, "/docs");
    const auto entry = entry_of(opened.filesystem, docs, "sub");
    CHECK(entry.is_subvolume());
    const auto into = follow(opened.filesystem, docs, entry);
    REQUIRE((into && *into));
    CHECK((**into).tree.id == tiny_subvolume_id);
    CHECK((**into).inode == btrfs::root_dir_inode);
    CHECK(names_in(opened.filesystem, **into) == std::vector<std::string>{"inside", "nested"});

    // As in a snapshot: the same entry in another tree, in another directory, or of another name.
    auto elsewhere = docs;
    elsewhere.tree.id = tiny_nested_id;
    auto other_dir = docs;
    other_dir.inode = btrfs::root_dir_inode;
    auto renamed = entry;
    renamed.name = "bus";
    for (const auto& left : {follow(opened.filesystem, elsewhere, entry), follow(opened.filesystem, other_dir, entry),
                             follow(opened.filesystem, docs, renamed)}) {
        REQUIRE(left);
        CHECK_FALSE(left->has_value());
    }
}

TEST_CASE("directories: a lost leaf is an error and not a gap") {
    TinyFilesystem tiny;
    const auto place = place_of(open_filesystem(tiny).filesystem, "/docs");
    const auto holds_entries = [&](const PlantedBlock* leaf) {
        return std::ranges::all_of(leaf->items, [&](const LeafItem& item) {
            return item.key.objectid == place.inode && item.key.type == type::dir_index;
        });
    };
    const auto leaves = blocks_in_order(tiny.tree(btrfs::fs_tree_id), WalkOrder::leaves_only);
    const auto inner = std::ranges::find_if(leaves, holds_entries);
    REQUIRE(inner != leaves.end());
    tiny.image.spoil((*inner)->address());
    const auto opened = open_filesystem(tiny);
    Directory directory(opened.filesystem, place);
    unsigned entries = 0;
    unsigned errors = 0;
    for (auto entry = directory.next(); !entry || *entry; entry = directory.next()) {
        ++(entry ? entries : errors);
    }
    CHECK(errors == 1);
    CHECK(entries + (*inner)->items.size() == 44);
    // What lies elsewhere is not touched by it.
    CHECK(names_in(opened.filesystem, {.tree = place.tree, .inode = btrfs::root_dir_inode}).size() == 2);
}

TEST_CASE("directories: names that can't be in a path are refused") {
    const btrfs::Key location{300, type::inode_item, 0};
    const auto entry = [&](std::string_view name) { return dir_entry(location, btrfs::FileType::regular, name); };
    CHECK_FALSE(failure_of(entry("fine")));
    CHECK_FALSE(failure_of(entry(std::string(255, 'x'))));
    CHECK_FALSE(failure_of(entry("...")));
    for (const auto& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                             std::string("a\0b", 3), std::string(256, 'x')}) {
        const auto failure = failure_of(entry(name));
        REQUIRE(failure);
        CHECK(failure->kind == ErrorKind::damaged);
        CHECK(failure->message.find("(257 DIR_INDEX 2)") != std::string::npos);
    }
    auto cut = entry("fine");
    cut.pop_back();
    CHECK(failure_of(cut));
    CHECK(failure_of(noise(10)));
}

TEST_CASE("xattrs: sorted by name, those that share an item too") {
    const auto xattr = [](std::string_view name, std::string_view value) {
        return dir_entry({}, btrfs::FileType::xattr, name, value);
    };
    const auto xattrs_of = [](const std::vector<std::vector<std::byte>>& items) {
        FileImage image(0);
        image.put_data(noise(1));
        image.add_file(file_inode, 0);
        for (std::size_t i = 0; i < items.size(); ++i) {
            image.add_item({file_inode, type::xattr_item, i}, items[i]);
        }
        image.finish();
        const auto file = open_file(image);
        return read_xattrs(file.filesystem, file.place);
    };
    CHECK(xattrs_of({})->empty());
    const auto all =
        xattrs_of({joined({xattr("user.z", "1"), xattr("user.b", "")}), xattr("user.m", std::string(3000, 'v'))});
    REQUIRE(all);
    CHECK(*all == std::vector<Xattr>{{"user.b", ""}, {"user.m", std::string(3000, 'v')}, {"user.z", "1"}});
    for (const auto& bad : {noise(10), joined({xattr("user.a", "1"), noise(3)}), xattr("", "value")}) {
        const auto refused = xattrs_of({bad});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::damaged);
    }
    auto cut = xattr("user.a", "value");
    cut.pop_back();
    CHECK_FALSE(xattrs_of({cut}));
}

} // namespace inode_directory_test
