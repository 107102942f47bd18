// SPDX-License-Identifier: MIT
// What a transaction costs: as much as it changes, whatever the size of the filesystem. Counted on the devices.
#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>

namespace transaction_cost_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u32 nodesize = 4096;

struct Cost {
    u64 bytes_read = 0;
    u64 bytes_written = 0;
};

/// Counts what is read, and written, and otherwise is the device below.
class CountingDevice final : public WritableDevice {
public:
    CountingDevice(WritableDevice& below, Cost& cost) : below_(&below), cost_(&cost) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        cost_->bytes_read += out.size();
        return below_->read(offset, out);
    }
    Result<void> write(u64 offset, Bytes bytes) override {
        cost_->bytes_written += bytes.size();
        return below_->write(offset, bytes);
    }
    Result<void> discard(u64 offset, u64 length_bytes) override { return below_->discard(offset, length_bytes); }
    Result<void> flush() override { return below_->flush(); }

private:
    WritableDevice* below_;
    Cost* cost_;
};

/// What it takes to change one item of the subvolume and commit, without the proof, on an opened filesystem.
Cost cost_of_one_item(u32 files) {
    const TransactionBench bench({.slack_bytes = 70 * mib}, files);
    Cost cost;
    const auto committed = bench.open();
    WritableDevice& device = *bench.writable(committed).at(1);
    Devices devices;
    devices.push_back(std::make_unique<CountingDevice>(device, cost));
    const auto filesystem = must(Filesystem::open(std::move(devices), {}, [](const Problem&) {}));
    CountingDevice counted(device, cost);
    cost = {};
    auto transaction = must(Transaction::begin(filesystem, {}));
    auto* tree = must(transaction.tree(btrfs::fs_tree_id));
    auto item = must(tree->find({btrfs::first_free_objectid + files / 2, btrfs::item_type::inode_item, 0}));
    REQUIRE(item);
    item->body.front() ^= std::byte{1};
    tree->put(item->key, item->body);
    must(commit::run(transaction, {{1, &counted}}, {.is_proven = false}, {}));
    return cost;
}

/// What waits after a subvolume of many files was dropped, which nobody shares.
std::size_t waiting_after_drop(const TransactionBench& bench, const TransactionOptions& options) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, options));
    SubvolumeEditor editor(transaction, {.sec = 3000});
    must(editor.remove(must(editor.find("/copy"))));
    const std::size_t waiting = transaction.waiting_bytes();
    must(commit::run(transaction, bench.writable(filesystem), {.is_dry_run = true}, {}));
    return waiting;
}

} // namespace

TEST_CASE("What waits to be merged does not outgrow its room, however much is deleted") {
    const TransactionBench bench({.slack_bytes = 70 * mib}, 3000);
    {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        SubvolumeEditor editor(transaction, {.sec = 3000});
        std::mt19937 random(1);
        const auto place = must(editor.directories().find_parent("/copy"));
        const u64 id = must(editor.snapshot(btrfs::fs_tree_id, place, {.uuid = random_uuid(random)}));
        // Each leaf becomes the copy's own.
        auto* tree = must(transaction.tree(id));
        for (u64 inode = btrfs::first_free_objectid + 1; inode <= btrfs::first_free_objectid + 3000; ++inode) {
            auto item = must(tree->find({inode, btrfs::item_type::inode_item, 0}));
            REQUIRE(item);
            item->body.front() ^= std::byte{1};
            tree->put(item->key, item->body);
        }
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    }
    constexpr std::size_t room = 64 << 10;
    CHECK(waiting_after_drop(bench, {}) > 4 * room);
    CHECK(waiting_after_drop(bench, {.waiting_bytes = room}) < 2 * room);
}

TEST_CASE("One item changed costs a path of blocks in each tree that must tell of it, however many there are") {
    const Cost few = cost_of_one_item(300);
    const Cost many = cost_of_one_item(12000);
    MESSAGE("300 files: ", few.bytes_read / nodesize, " blocks read, ", few.bytes_written / nodesize, " written");
    MESSAGE("12000 files: ", many.bytes_read / nodesize, " blocks read, ", many.bytes_written / nodesize, " written");
    // Two copies of a path in the subvolume and of some in the extent tree; the root tree, free space, superblocks.
    CHECK(few.bytes_written <= 20 * nodesize);
    CHECK(many.bytes_written <= 40 * nodesize);
    // Beside those paths: once, all extents of the block group that new blocks go into.
    CHECK(few.bytes_read <= 60 * nodesize);
    CHECK(many.bytes_read <= 100 * nodesize);
}

} // namespace transaction_cost_test
