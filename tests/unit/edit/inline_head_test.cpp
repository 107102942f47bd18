// SPDX-License-Identifier: MIT
// Files that go on behind inline data, as kernels leave them where a small file grew without a write into its first
// sector: tests/kernel/edit-history came upon them.
#include "formats/btrfs/item_types.h"
#include "libfs/edit/file_extent_items.h"
#include "tests/unit/edit/edit_bench.h"

#include <doctest/doctest.h>

namespace inline_head_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 tail_at = 100 * kib;
constexpr u64 tail_bytes = 20 * kib;
const std::string head = "what stands in the tree";

std::string whole() {
    std::string text(tail_at + tail_bytes, '\0');
    text.replace(0, head.size(), head);
    for (u64 i = tail_at; i < text.size(); ++i) {
        text[i] = static_cast<char>('a' + i / 7 % 26);
    }
    return text;
}

/// "file" is inline at its beginning, has a hole behind that, and an extent at its end.
PlaceInTree make_file(Edit& edit) {
    const auto file = edit.make("file", 0100644);
    const auto other = edit.make("other", 0100644);
    must(edit.data.write(file, 0, bytes_of(head)));
    must(edit.data.write(other, 0, bytes_of(whole().substr(tail_at))));
    auto* tree = must(edit.transaction().tree(file.tree));
    auto item = must(tree->find({other.inode, btrfs::item_type::extent_data, 0}));
    REQUIRE(item);
    tree->put({file.inode, btrfs::item_type::extent_data, tail_at}, item->body);
    must(edit.inodes.change(file, [](btrfs::InodeItem& inode) {
        inode.size = tail_at + tail_bytes;
        inode.nbytes = inode.nbytes + tail_bytes;
    }));
    return file;
}

std::string content(Edit& edit, const PlaceInTree& file) {
    std::string text(must(edit.inodes.get(file)).size, '\0');
    must(edit.data.read(file, 0, std::as_writable_bytes(std::span(text))));
    return text;
}

} // namespace

TEST_CASE("a file that goes on behind its inline data is shared as a whole, and in part") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto file = make_file(edit);
    const auto copy = edit.make("copy", 0100644);
    must(edit.data.clone(file, {0, tail_at + tail_bytes}, copy, 0));
    CHECK(content(edit, copy) == whole());
    const auto later = edit.make("later", 0100644);
    must(edit.data.clone(file, {0, tail_at + tail_bytes}, later, 8 * kib));
    CHECK(content(edit, later) == std::string(8 * kib, '\0') + whole());
    const auto tail = edit.make("tail", 0100644);
    must(edit.data.write(tail, 0, bytes_of("to be written over")));
    must(edit.data.clone(file, {tail_at, tail_at + tail_bytes}, tail, 0));
    CHECK(content(edit, tail) == whole().substr(tail_at));
    CHECK(content(edit, file) == whole());
    edit.commit();
}

TEST_CASE("a file that goes on behind its inline data is cut, punched and written to as any other") {
    const auto bench = empty_bench();
    Edit edit(bench);
    const auto file = make_file(edit);
    const auto copy_of = [&](const std::string& name) {
        const auto copy = edit.make(name, 0100644);
        must(edit.data.clone(file, {0, tail_at + tail_bytes}, copy, 0));
        return copy;
    };
    const auto cut = copy_of("cut");
    must(edit.data.resize(cut, 10));
    must(edit.data.resize(cut, tail_at + tail_bytes));
    CHECK(content(edit, cut) == head.substr(0, 10) + std::string(tail_at + tail_bytes - 10, '\0'));
    const auto punched = copy_of("punched");
    must(edit.data.punch(punched, {4, 50 * kib}));
    CHECK(content(edit, punched) == whole().replace(4, head.size() - 4, head.size() - 4, '\0'));
    const auto written = copy_of("written");
    must(edit.data.write(written, 3, bytes_of("XY")));
    CHECK(content(edit, written) == whole().replace(3, 2, "XY"));
    edit.commit();
}

} // namespace inline_head_test
