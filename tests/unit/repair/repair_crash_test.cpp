// SPDX-License-Identifier: MIT
// Repairs, interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the damaged
// filesystem stands as it was or the repaired one, and undo brings the damaged one back.
#include "libfs/base/checksum.h"
#include "libfs/ops/repair/repair.h"
#include "libfs/space/free_space.h"
#include "tests/unit/defragment/scattered_bench.h"
#include "tests/unit/ops/interrupted_change.h"

#include <cstring>

#include <doctest/doctest.h>

namespace repair_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

using Leaf = std::vector<std::byte>;
using Spoil = std::function<void(Leaf& leaf)>;

/// The leaf that holds the first item of a tree.
Leaf first_leaf(const Filesystem& filesystem, u64 tree) {
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, must(filesystem.find_tree(tree)).block);
    REQUIRE(must(search.seek(btrfs::Key::min())));
    const auto bytes = search.leaf().bytes();
    return {bytes.begin(), bytes.end()};
}

/// Changes that leaf in all its copies, parity too; its checksum is right.
void spoil_first_leaf(const TransactionBench& bench, u64 tree, const Spoil& spoil) {
    const auto filesystem = bench.open();
    auto leaf = first_leaf(filesystem, tree);
    const Logical at = {BlockView(leaf).header().bytenr};
    spoil(leaf);
    const auto csum = checksum(filesystem.geometry().csum_type, Bytes(leaf).subspan(btrfs::max_csum_size));
    std::memcpy(leaf.data(), csum.data(), csum.size());
    const VolumeWriter writer(bench.writable(filesystem), filesystem.volume().chunks());
    must(writer.write(at, leaf));
    must(writer.write_parity(*filesystem.volume().chunks().find(at), at, {at.bytenr + leaf.size()}));
}

btrfs::ItemHeader& item_of(Leaf& leaf, u32 slot) {
    return reinterpret_cast<btrfs::ItemHeader*>(leaf.data() + sizeof(btrfs::TreeBlockHeader))[slot];
}

TransactionBench scattered(const ChangedKind& kind) {
    TransactionBench bench = prepared_bench(kind);
    Scatterer scatterer(bench, 1);
    scatterer.begin(3);
    scatterer.go(3);
    return bench;
}

/// The extent tree says of its first extent that it is older than it is, and that one more refers to it.
TransactionBench with_wrong_extents(const ChangedKind& kind) {
    TransactionBench bench = scattered(kind);
    spoil_first_leaf(bench, btrfs::extent_tree_id, [](Leaf& leaf) {
        const auto& item = item_of(leaf, 0);
        auto& extent =
            *reinterpret_cast<btrfs::ExtentItem*>(leaf.data() + sizeof(btrfs::TreeBlockHeader) + item.offset);
        extent.refs = extent.refs + 1;
    });
    return bench;
}

/// Kernels don't take a leaf that snapshots share: it lacks a flag. Ours reads its files, so that states can be told
/// apart.
TransactionBench with_wrong_leaf(const ChangedKind& kind) {
    TransactionBench bench = scattered(kind);
    spoil_first_leaf(bench, btrfs::fs_tree_id, [](Leaf& leaf) {
        auto& header = *reinterpret_cast<btrfs::TreeBlockHeader*>(leaf.data());
        header.flags = header.flags & ~btrfs::header_flag_written;
    });
    return bench;
}

Result<void> repair_all(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    BTRKIT_TRY_ASSIGN(const auto report,
                      repair::run(filesystem, devices, {}, {}, {.undo_path = undo_path}, RunContext{}));
    if (!report.commit.is_committed) {
        return fail(ErrorKind::io, "a block could not be read again, so nothing was made of it");
    }
    CHECK(report.left_count == 0);
    return {};
}

} // namespace

TEST_CASE("repair: whenever the power goes, the filesystem is the damaged one or the repaired one") {
    SUBCASE("the extent tree made anew") {
        cut_power_of(repair_all, with_wrong_extents);
    }
    if (is_long_run()) { // it takes the same way to the devices
        SUBCASE("a leaf that is shared") {
            cut_power_of(repair_all, with_wrong_leaf);
        }
    }
}

TEST_CASE("repair: whatever request fails, the filesystem is the damaged one or the repaired one") {
    SUBCASE("the extent tree made anew") {
        fail_requests_of(repair_all, with_wrong_extents);
    }
    SUBCASE("a leaf that is shared") {
        fail_requests_of(repair_all, with_wrong_leaf);
    }
}

TEST_CASE("repair: undone, the filesystem is what it was") {
    SUBCASE("the extent tree made anew") {
        undo_again(repair_all, with_wrong_extents);
    }
    SUBCASE("a leaf that is shared") {
        undo_again(repair_all, with_wrong_leaf);
    }
}

} // namespace repair_crash_test
