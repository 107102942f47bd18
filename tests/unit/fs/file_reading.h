// SPDX-License-Identifier: MIT
// Reading what tests have put into a FileImage.
#pragma once

#include "libfs/fs/file_data.h"
#include "tests/support/extent_content.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>

namespace btrkit::test {

inline constexpr u64 file_inode = 257;

struct OpenFile {
    Filesystem filesystem;
    InodePlace place;
    Inode inode;
};

inline OpenFile open_file(FileImage& image, u64 number = file_inode) {
    auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    const auto tree = filesystem.find_tree(btrfs::fs_tree_id);
    REQUIRE(tree);
    const InodePlace place{.tree = *tree, .inode = number};
    const auto inode = read_inode(filesystem, place);
    REQUIRE_MESSAGE(inode, inode.error().message);
    return {std::move(filesystem), place, *inode};
}

/// A file in one piece, and its runs without their bytes.
struct ReadFile {
    FileImage::Content content = {};
    std::vector<FileRun> runs = {};
    Problems reported = {};
    std::optional<Error> error = {};
};

inline ReadFile read_file(const OpenFile& file) {
    ReadFile read;
    FileReader reader(file.filesystem, into(read.reported));
    reader.open(file.place, file.inode);
    auto run = reader.next();
    for (; run && *run; run = reader.next()) {
        CHECK((**run).offset == read.content.size());
        CHECK((**run).length != 0);
        CHECK(((**run).is_zeros() || (**run).bytes.size() == (**run).length));
        read.content.insert(read.content.end(), (**run).bytes.begin(), (**run).bytes.end());
        read.content.resize((**run).offset + (**run).length);
        read.runs.push_back({.offset = (**run).offset, .length = (**run).length});
    }
    if (!run) {
        read.error = run.error();
        const auto after = reader.next();
        CHECK((after && !*after)); // it is over
    } else {
        CHECK(read.content.size() == file.inode.size);
    }
    return read;
}

inline ReadFile read_file(FileImage& image, u64 number = file_inode) {
    return read_file(open_file(image, number));
}

} // namespace btrkit::test
