// SPDX-License-Identifier: MIT
// What a commit owes to those who come after it: to a kernel that looks for older roots, to undo, to whoever has
// committed meanwhile, and to a filesystem that would not be sound.
#include "libfs/ops/commit/commit.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/undo/undo.h"
#include "libfs/volume/superblock_copies.h"
#include "tests/support/device_layer.h"
#include "tests/support/faulty_device.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace commit_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Of two superblocks on each device.
const FilesystemKind small_kind = {.slack_bytes = 80 * mib};

void set_label(const TransactionBench& bench, const std::string& label) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    transaction.set_label(label);
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

std::string label_of(const TransactionBench& bench) {
    return bench.open().super().label.data();
}

/// A filesystem and a change of many of its trees, above its devices.
class Changed {
public:
    Changed() : bench_(prepared_bench({.kind = {.slack_bytes = 80 * mib, .nodesize_bytes = u64{4} * kib}})) {}

    Result<commit::Report> change(const std::string& undo_path) {
        const auto filesystem = open_quietly(views_of(layer_.readable()));
        auto transaction = must(change_many_trees(filesystem));
        return commit::run(transaction, by_devid(filesystem, layer_.list()), {.undo_path = undo_path}, {});
    }
    DeviceFaults& faults() { return *faults_; }
    const DeviceLayer& layer() const { return layer_; }

    /// So many tree blocks of that generation stand on the device, whoever leads to them.
    std::size_t blocks_of(u64 generation) const {
        const auto filesystem = bench_.open();
        const auto& device = *layer_.readable().front();
        std::vector<std::byte> bytes(sizeof(btrfs::TreeBlockHeader));
        std::size_t count = 0;
        for (u64 at = mib; at + bytes.size() <= device.size_bytes(); at += u64{4} * kib) {
            must(device.read(at, bytes));
            const auto* header = view_at<btrfs::TreeBlockHeader>(bytes);
            count += header->fsid == filesystem.super().fsid && header->generation == generation ? 1 : 0;
        }
        return count;
    }

private:
    TransactionBench bench_;
    std::shared_ptr<DeviceFaults> faults_ = std::make_shared<DeviceFaults>();
    DeviceLayer layer_ = DeviceLayer(bench_.devices(), [this](auto device) {
        return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults_);
    });
};

} // namespace

TEST_CASE("The superblocks note where the trees of the last four commits begin") {
    const TransactionBench bench(small_kind, 3);
    std::map<u64, u64> roots; // by generation
    for (const std::string label : {"one", "two", "three", "four", "five", "six"}) {
        set_label(bench, label);
        const auto super = bench.open().super();
        roots[super.generation] = super.root;
    }
    while (roots.size() > btrfs::backup_root_count) {
        roots.erase(roots.begin());
    }
    std::map<u64, u64> noted;
    for (const auto& backup : bench.open().super().backup_roots) {
        noted[backup.tree_root_gen] = backup.tree_root;
    }
    CHECK(noted == roots);
}

TEST_CASE("A commit is younger than every superblock that is left, of mirrors, too") {
    const TransactionBench bench(small_kind, 3);
    auto& device = *bench.writable(bench.open()).at(1);
    auto super = must(read_superblock(device, btrfs::superblock_offsets[1], 1)).super;
    super.generation = super.generation + 5;
    const u64 newest = super.generation;
    must(device.write(btrfs::superblock_offsets[1], as_bytes_of(sealed_copy(super, btrfs::superblock_offsets[1]))));
    REQUIRE(bench.open().super().generation < newest);
    set_label(bench, "younger");
    CHECK(bench.open().super().generation == newest + 1);
}

TEST_CASE("Whoever has been overtaken by another commit writes nothing") {
    const TransactionBench bench(small_kind, 3);
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    transaction.set_label("slower");
    set_label(bench, "faster");
    const auto done = commit::run(transaction, bench.writable(filesystem), {}, {});
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().kind == ErrorKind::refused);
    CHECK(done.error().message.contains("somebody has changed the filesystem meanwhile"));
    CHECK(label_of(bench) == "faster");
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("What would not be sound is not committed") {
    const TransactionBench bench(small_kind, 3);
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    // More names than there are.
    auto* tree = must(transaction.tree(btrfs::fs_tree_id));
    auto item = must(tree->find({btrfs::root_dir_inode + 1, btrfs::item_type::inode_item, 0}));
    REQUIRE(item);
    reinterpret_cast<btrfs::InodeItem*>(item->body.data())->nlink = 5;
    tree->put(item->key, item->body);
    transaction.set_label("broken");
    const auto done = commit::run(transaction, bench.writable(filesystem), {}, {});
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().kind == ErrorKind::refused);
    CHECK(done.error().message.contains("would not be sound"));
    CHECK(label_of(bench).empty());
    CHECK(bench.open().super().generation == filesystem.super().generation);
}

TEST_CASE("Undo leaves no tree block of what it undoes, for later commits have its generation") {
    const TemporaryFolder folder;
    Changed changed;
    const auto report = must(changed.change(folder / "undo"));
    const auto born = changed.blocks_of(report.new_generation);
    CHECK(born > 20);
    const auto file = must(UndoReader::open(folder / "undo"));
    const auto undone = must(undo::run(file, changed.layer().list(), {}));
    CHECK(undone.totals().cleared_blocks == born);
    CHECK(changed.blocks_of(report.new_generation) == 0);
}

TEST_CASE("Where nothing was written no undo file is left") {
    const TemporaryFolder folder;
    Changed changed;
    changed.faults().first_bad_write = 0;
    const auto done = changed.change(folder / "undo");
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().message.contains("the old filesystem stands as it was"));
    CHECK(changed.layer().changes().empty());
    CHECK_FALSE(std::filesystem::exists(folder / "undo"));
}

} // namespace commit_test
