// SPDX-License-Identifier: MIT
// The listings that other tests compare images with: of an image, of a directory of the host, and their differences.
#include "tests/support/tree_listing.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/content_hash.h"
#include "tests/support/dir_entry.h"
#include "tests/support/effort.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/fs/file_reading.h"

#include <functional>
#include <sys/stat.h>
#include <unistd.h>

namespace tree_listing_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

Result<TreeListing> listing_of(std::vector<std::unique_ptr<BlockDevice>> devices) {
    const auto opened = open_filesystem(std::move(devices));
    const auto top = find_path(opened.filesystem, "/");
    return top ? list_image(opened.filesystem, *top) : std::unexpected(top.error());
}

const TreeRecord& record_of(const TreeListing& listing, std::string_view path) {
    const auto found = std::ranges::find(listing, path, &TreeRecord::path);
    REQUIRE(found != listing.end());
    return *found;
}

std::string hash_of(std::string_view content) {
    ContentHash hash;
    hash.add(0, std::as_bytes(std::span(content)));
    return hash.text();
}

} // namespace

TEST_CASE("listing: an image with subvolumes") {
    TinyFilesystem tiny;
    tiny.change_root_item(tiny_nested_id, [](btrfs::RootItem& item) { item.flags = btrfs::root_subvol_rdonly; });
    const auto listing = listing_of(tiny.devices());
    REQUIRE_MESSAGE(listing, listing.error().message);
    CHECK(listing->size() == 52);
    CHECK(std::ranges::is_sorted(*listing, {}, &TreeRecord::path));
    const auto& hello = record_of(*listing, "hello");
    CHECK(hello.mode == FileTree::file_mode);
    CHECK(hello.size == 13);
    CHECK(hello.nlink == 1);
    CHECK(hello.content == hash_of("hello, world\n"));
    CHECK(hello.ranges == std::vector<DataRange>{{0, 13}});
    CHECK(hello.mtime == Time{1709210096, 500});
    CHECK(hello.first_name == "hello");
    CHECK_FALSE(record_of(*listing, "docs").is_subvolume);
    CHECK(record_of(*listing, "docs/sub").is_subvolume);
    CHECK_FALSE(record_of(*listing, "docs/sub").is_read_only);
    CHECK(record_of(*listing, "docs/sub/nested").is_read_only);
    CHECK(record_of(*listing, "docs/sub/nested/innermost").size == 0);
    CHECK(record_of(*listing, "docs/deep/er/leaf").content == hash_of(""));
}

TEST_CASE("listing: a directory that is its own child ends in an error") {
    FileImage image(0);
    image.put_data(noise(1));
    image.add_item(
        {btrfs::root_dir_inode, btrfs::item_type::dir_index, 2},
        dir_entry({btrfs::root_dir_inode, btrfs::item_type::inode_item, 0}, btrfs::FileType::directory, "a"));
    image.finish();
    const auto listing = listing_of(image.image().all_devices());
    REQUIRE_FALSE(listing);
    CHECK(listing.error().kind == ErrorKind::damaged);
}

TEST_CASE("listing: a directory of the host, and every difference from it") {
    const TemporaryFolder folder;
    write_file(folder / "file", "content");
    std::filesystem::create_directory(folder / "dir");
    std::filesystem::create_hard_link(folder / "file", folder / "dir/link");
    std::filesystem::create_symlink("nowhere", folder / "symlink");
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    write_file(folder / "sparse", "begin");
    REQUIRE(::truncate((folder / "sparse").c_str(), off_t{1} << 30) == 0);

    const auto listing = list_directory(folder.path());
    REQUIRE_MESSAGE(listing, listing.error().message);
    CHECK(listing->size() == 7);
    const auto& file = record_of(*listing, "file");
    CHECK(file.size == 7);
    CHECK(file.nlink == 2);
    CHECK(file.content == hash_of("content"));
    CHECK(file.uid == ::getuid());
    CHECK(file.mtime.sec > 1700000000);
    CHECK(file.first_name == "dir/link");
    CHECK(record_of(*listing, "dir/link").first_name == "dir/link");
    CHECK(record_of(*listing, "symlink").target == "nowhere");
    CHECK(S_ISFIFO(record_of(*listing, "fifo").mode));
    CHECK(record_of(*listing, "sparse").content == hash_of("begin"));
    CHECK(differences(*listing, *listing, {}).empty());

    const std::vector<std::pair<std::string, std::function<void(TreeRecord&)>>> changes = {
        {"mode", [](auto& record) { record.mode ^= 1; }},
        {"uid", [](auto& record) { ++record.uid; }},
        {"gid", [](auto& record) { ++record.gid; }},
        {"rdev", [](auto& record) { ++record.device_minor; }},
        {"size", [](auto& record) { ++record.size; }},
        {"nlink", [](auto& record) { ++record.nlink; }},
        {"atime", [](auto& record) { ++record.atime.nsec; }},
        {"mtime", [](auto& record) { ++record.mtime.nsec; }},
        {"ctime", [](auto& record) { ++record.ctime.nsec; }},
        {"otime", [](auto& record) { ++record.otime.sec; }},
        {"flags", [](auto& record) { record.flags ^= btrfs::inode_noatime; }},
        {"xattrs", [](auto& record) { record.xattrs.push_back({"user.a", "b"}); }},
        {"target", [](auto& record) { record.target += 'x'; }},
        {"links", [](auto& record) { record.first_name += 'x'; }},
        {"ranges", [](auto& record) { record.ranges.push_back({1, 2}); }},
        {"content", [](auto& record) { record.content += 'x'; }},
        {"subvolume", [](auto& record) { record.is_subvolume = true; }},
    };
    CHECK(changes.size() == comparable_fields().size());
    for (const auto& [field, change] : changes) {
        auto other = *listing;
        change(*std::ranges::find(other, "file", &TreeRecord::path));
        const auto lines = differences(*listing, other, {});
        REQUIRE(lines.size() == 1);
        CHECK_MESSAGE(lines[0].starts_with("file: " + field + ": "), lines[0]);
        CHECK(differences(*listing, other, {field}).empty());
    }
    auto shorter = *listing;
    shorter.erase(shorter.begin() + 1);
    CHECK(differences(*listing, shorter, {}) == std::vector<std::string>{"dir: only in the first"});
    CHECK(differences(shorter, *listing, {}) == std::vector<std::string>{"dir: only in the second"});
}

TEST_CASE("listing: a hash takes holes for zeros, and knows places") {
    const auto bytes = noise(1024);
    const auto hash = [](const std::vector<std::pair<u64, FileImage::Content>>& parts) {
        ContentHash content;
        for (const auto& [offset, part] : parts) {
            content.add(offset, part);
        }
        return content.text();
    };
    CHECK(hash({{0, FileImage::Content(5000)}, {512 * 100, bytes}}) == hash({{512 * 100, bytes}}));
    CHECK(hash({{0, bytes}}) != hash({{512, bytes}}));
    CHECK(hash({{0, bytes}}) ==
          hash({{0, {bytes.begin(), bytes.begin() + 512}}, {512, {bytes.begin() + 512, bytes.end()}}}));
    CHECK(hash({}) != hash({{0, bytes}}));
}

TEST_CASE("listing: items changed at random give an answer") {
    std::mt19937 random(11);
    TinyFilesystem tiny;
    const auto good = tiny.devices();
    const auto leaves = blocks_in_order(tiny.tree(btrfs::fs_tree_id), WalkOrder::leaves_only);
    unsigned failures = 0;
    for (unsigned i = 0; i < rounds(100, 400); ++i) {
        const auto address = leaves[random() % leaves.size()]->address();
        const auto before = tiny.image.block(address);
        tiny.image.change(address, [&](Block& block) {
            const auto& item = item_in(block, static_cast<u32>(random() % header_in(block).nritems));
            for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
                const auto place = sizeof(btrfs::TreeBlockHeader) + item.offset + random() % item.size;
                block[place] = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
            }
        });
        failures += listing_of(tiny.devices()) ? 0 : 1;
        tiny.image.put(address, before);
    }
    CHECK(failures > 10);
    CHECK(listing_of(tiny.devices()));
}

TEST_CASE("listing: file extents changed at random give an answer") {
    std::mt19937 random(12);
    FileImage image(0);
    const auto content = noise(20 * sector);
    const u64 disk = image.put_data(content);
    for (u64 inode = file_inode; inode < file_inode + 8; ++inode) {
        image.add_file(inode, 30 * sector);
        for (const u64 at : {0, 5, 20}) {
            image.add_extent(inode, {.file_offset = at * sector,
                                     .disk = disk,
                                     .disk_bytes = 20 * sector,
                                     .offset = sector,
                                     .length = 3 * sector,
                                     .ram_bytes = 20 * sector,
                                     .compression = static_cast<u8>(inode % 4)});
        }
    }
    image.finish();
    const auto leaves = blocks_in_order(image.files(), WalkOrder::leaves_only);
    for (unsigned i = 0; i < rounds(50, 200); ++i) {
        const auto address = leaves[random() % leaves.size()]->address();
        const auto before = image.image().block(address);
        image.image().change(address, [&](Block& block) {
            for (u32 slot = 0; slot < header_in(block).nritems; ++slot) {
                const auto& item = item_in(block, slot);
                if (item.key.type == btrfs::item_type::extent_data && random() % 3 == 0) {
                    const auto place = sizeof(btrfs::TreeBlockHeader) + item.offset + random() % item.size;
                    block[place] = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
                }
            }
        });
        auto opened = open_filesystem(image.image().all_devices());
        const auto tree = opened.filesystem.find_tree(btrfs::fs_tree_id);
        REQUIRE(tree);
        FileReader reader(opened.filesystem);
        for (u64 inode = file_inode; inode < file_inode + 8; ++inode) {
            const InodePlace place{.tree = *tree, .inode = inode};
            const auto read = read_inode(opened.filesystem, place);
            if (read) {
                reader.open(place, *read);
                for (auto run = reader.next(); run && *run; run = reader.next()) {
                    CHECK((**run).length != 0);
                }
            }
        }
        image.image().put(address, before);
    }
}

} // namespace tree_listing_test
