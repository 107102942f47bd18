// SPDX-License-Identifier: MIT
// An inode's items say what they were made from, and what does not fit the format is told.
#include "libfs/edit/new_inode.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/fs/name_items.h"
#include "tests/support/build_leaf.h"
#include "tests/support/kept_items.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace new_inode_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

Inode some_inode(u32 mode) {
    return {.number = 300,
            .generation = 7,
            .transid = 9,
            .size = 12345,
            .nbytes = 16384,
            .nlink = 2,
            .uid = 1000,
            .gid = 100,
            .mode = mode,
            .device_major = 8,
            .device_minor = 300,
            .flags = btrfs::inode_nodatasum,
            .sequence = 4,
            .atime = {.sec = -1, .nsec = 1},
            .ctime = {.sec = 2, .nsec = 2},
            .mtime = {.sec = 3, .nsec = 3},
            .otime = {.sec = 4, .nsec = 999'999'999}};
}

/// All names in the items, as (parent, index, name).
std::vector<std::tuple<u64, u64, std::string>> names_in(const KeptItems& kept) {
    std::vector<std::tuple<u64, u64, std::string>> names;
    for (const auto& [key, body] : kept.items) {
        if (key.type == type::inode_ref || key.type == type::inode_extref) {
            for_each_name(key, body, [&](const NameRecord& record, const auto*) {
                names.emplace_back(record.parent, record.index, std::string(as_text(record.name)));
            });
        }
    }
    std::ranges::sort(names);
    return names;
}

} // namespace

TEST_CASE("an inode item is parsed back to the inode it was made from") {
    const Inode inode = some_inode(S_IFBLK | 0640);
    CHECK(parse_inode(inode.number, inode_item_of(inode)) == inode);
}

TEST_CASE("names that have no room beside each other are keyed by their hash") {
    const Geometry geometry = sample_geometry();
    std::vector<std::string> texts;
    for (int i = 0; i < 400; ++i) {
        texts.push_back(fmt::format("{:0200}", i));
    }
    std::vector<NewName> names;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        names.push_back({.dir = 256 + i / 300, .index = 2 + i % 300, .name = texts[i]});
    }
    KeptItems kept;
    const NewInode added = {.inode = some_inode(S_IFREG), .names = names, .xattrs = {}, .entries = {}};
    REQUIRE(add_inode_items(kept, geometry, added));
    const auto found = names_in(kept);
    REQUIRE(found.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(found[i] == std::tuple(names[i].dir, names[i].index, texts[i]));
    }
    CHECK(kept.items.contains({300, type::inode_ref, 256}));
    CHECK(kept.items.contains({300, type::inode_ref, 257}));
    CHECK(kept.items.contains({300, type::inode_extref, extref_hash(256, std::as_bytes(std::span(texts[299])))}));

    Geometry old = geometry;
    old.incompat_flags &= ~btrfs::incompat_extended_iref;
    KeptItems refused;
    const auto result = add_inode_items(refused, old, added);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::unsupported);
}

TEST_CASE("the top directory refers to itself; entries stand under their hash and their index") {
    const std::vector<NewEntry> entries = {
        {.index = 2, .name = "b", .location = {301, type::inode_item, 0}, .type = btrfs::FileType::regular},
        {.index = 3, .name = "a", .location = {257, type::root_item, ~u64{0}}, .type = btrfs::FileType::directory}};
    KeptItems kept;
    Inode top = some_inode(S_IFDIR | 0755);
    top.number = btrfs::root_dir_inode;
    REQUIRE(add_inode_items(kept, sample_geometry(), {.inode = top, .names = {}, .xattrs = {}, .entries = entries}));
    CHECK(kept.items.size() == 6);
    CHECK(names_in(kept) == std::vector{std::tuple(u64{256}, u64{0}, std::string(".."))});
    for (const auto& entry : entries) {
        const btrfs::Key by_index{256, type::dir_index, entry.index};
        const btrfs::Key by_hash{256, type::dir_item, name_hash(std::as_bytes(std::span(entry.name)))};
        REQUIRE(kept.items.contains(by_index));
        REQUIRE(kept.items.contains(by_hash));
        CHECK(kept.items[by_index] == kept.items[by_hash]);
        for_each_name(by_index, kept.items[by_index], [&](const NameRecord& record, const btrfs::DirItem* item) {
            CHECK(as_text(record.name) == entry.name);
            CHECK(item->location.to_key() == entry.location);
            CHECK(item->transid == 9);
        });
    }
}

TEST_CASE("attributes come back; one that is too large is named") {
    const Geometry geometry = sample_geometry();
    const std::vector<Xattr> xattrs = {{.name = "user.a", .value = "1"}, {.name = "user.b", .value = ""}};
    const NewName name = {.dir = 256, .index = 5, .name = "f"};
    KeptItems kept;
    NewInode added = {.inode = some_inode(S_IFREG), .names = {&name, 1}, .xattrs = xattrs, .entries = {}};
    REQUIRE(add_inode_items(kept, geometry, added));
    std::vector<Xattr> found;
    for (const auto& [key, body] : kept.items) {
        if (key.type == type::xattr_item) {
            const auto views = parse_xattrs(body);
            REQUIRE(views);
            for (const auto& view : *views) {
                found.push_back({.name = std::string(view.name), .value = std::string(view.value)});
            }
        }
    }
    std::ranges::sort(found);
    CHECK(found == xattrs);

    const std::vector<Xattr> large = {{.name = "user.large", .value = std::string(geometry.nodesize, 'x')}};
    added.xattrs = large;
    KeptItems refused;
    const auto result = add_inode_items(refused, geometry, added);
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("user.large") != std::string::npos);
}

} // namespace new_inode_test
