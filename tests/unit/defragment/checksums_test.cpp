// SPDX-License-Identifier: MIT
// Extents with checksums and extents without, side by side in one file that was told to have none when it was written
// to already: no kernel of today does that. Each extent stays what it is, and can still be cut and joined later.
#include "tests/unit/defragment/plain_view.h"
#include "tests/unit/defragment/scattered_bench.h"

#include <doctest/doctest.h>

namespace defragment_checksums_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 block_bytes = scattered_block_bytes;
constexpr u64 flags_without = btrfs::inode_nodatasum;

/// So many blocks, the later ones first, so that no two are one.
void write_backwards(Edit& edit, const PlaceInTree& place, u64 first, u64 count) {
    for (u64 block = first + count; block-- > first;) {
        must(edit.data.write(place, block * block_bytes, std::vector<std::byte>(block_bytes, std::byte(block + 1))));
    }
}

} // namespace

TEST_CASE("defragment: extents with checksums and extents without don't become one") {
    const TransactionBench bench = empty_bench({.slack_bytes = 40 * mib});
    {
        Edit edit(bench);
        const auto place = edit.make("file", 0100644);
        write_backwards(edit, place, 0, 5);
        must(edit.inodes.change(place, [](btrfs::InodeItem& inode) { inode.flags = inode.flags | flags_without; }));
        const auto& filesystem = edit.transaction().committed();
        must(commit::run(edit.transaction(), bench.writable(filesystem), {.is_proven = false}, {}));
    }
    {
        Edit edit(bench);
        write_backwards(edit, must(edit.files.directories().find("/file")), 5, 5);
        edit.commit();
    }
    const auto clean = check_filesystem(bench.open()).findings.all().size();
    const auto report = must(defragmented(bench));
    CHECK(report.before.extent_count == 10);
    CHECK(report.after.extent_count == 2);
    CHECK(check_filesystem(bench.open()).findings.all().size() == clean);
    // And nothing is left to be done.
    CHECK(must(defragmented(bench)).commit_count == 0);
}

} // namespace defragment_checksums_test
