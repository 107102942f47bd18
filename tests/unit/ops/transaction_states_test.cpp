// SPDX-License-Identifier: MIT
// The judge of crash states, judged: it passes a commit that does everything in order, and no other. And what undo
// makes of a real filesystem.
#include "tests/support/transaction_states.h"

#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/io/overlay_device.h"
#include "libfs/io/undo_writer.h"
#include "libfs/ops/undo/undo.h"
#include "libfs/volume/superblock_writer.h"
#include "libfs/volume/undo_superblocks.h"
#include "libfs/volume/volume_writer.h"
#include "tests/support/effort.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tree_listing.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace transaction_states_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// What a commit does wrong.
enum class Fault {
    none,
    super_before_flush, ///< the superblocks are written while the blocks that they lead to may be lost
    all_supers_at_once, ///< the mirrors while the first ones may be torn
    in_place,           ///< a block of the old filesystem is overwritten
};

/// The smallest change by hand: the top directory has another time. Its leaf and that of the root tree are written to
/// the end of the metadata chunk, where nothing is; what describes space is left as it is, which the check will find.
class HandMadeCommit {
public:
    HandMadeCommit(Devices devices, const std::vector<WritableDevice*>& writable, Fault fault)
        : filesystem_(open(std::move(devices))), fault_(fault) {
        for (std::size_t i = 0; i < writable.size(); ++i) {
            writable_[i + 1] = writable[i];
        }
        const auto& old_root = filesystem_.root_tree().block;
        chunk_ = filesystem_.volume().chunks().find(old_root.address);
        for (const auto& [devid, device] : writable_) {
            const auto copy = read_superblock(*device, btrfs::superblock_offsets.front(), 0);
            REQUIRE(copy);
            auto super = copy->super;
            super.generation = generation();
            super.root = new_address(1);
            auto& backup = super.backup_roots[generation() % 4]; // in another sector: so that a superblock can be torn
            backup.tree_root = super.root;
            backup.tree_root_gen = super.generation;
            supers_.push_back(super);
        }
    }

    static Filesystem open(Devices devices) {
        auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
        REQUIRE_MESSAGE(filesystem, filesystem.error().message);
        return std::move(*filesystem);
    }

    /// With an undo file where a path is given.
    Result<void> commit(const std::string& undo_path = {}) {
        write_trees();
        if (!undo_path.empty()) {
            BTRKIT_TRY(save_undo(undo_path));
        }
        SuperblockWriter writer(writable_);
        switch (fault_) {
        case Fault::super_before_flush: write_supers(0, 1); break;
        case Fault::all_supers_at_once:
            REQUIRE(flush_all(writable_));
            write_supers(0, 2);
            break;
        case Fault::in_place:
            write(filesystem_.root_tree().block.address.bytenr, std::vector<std::byte>(geometry().nodesize));
            break;
        case Fault::none: break;
        }
        return writer.commit(supers_);
    }

private:
    using Items = std::vector<LeafItem>;

    const Geometry& geometry() const { return filesystem_.geometry(); }
    u64 generation() const { return geometry().generation + 1; }
    /// Number 1 or 2 from the end of the chunk.
    u64 new_address(u64 number) const { return chunk_->start.bytenr + chunk_->length - number * geometry().nodesize; }

    void write(u64 address, Bytes bytes) const {
        REQUIRE(VolumeWriter(writable_, filesystem_.volume().chunks()).write({address}, bytes));
    }

    Items items_of(const Promise& promise) const {
        const OwnedBlock block(filesystem_.reader(), promise);
        REQUIRE((block.is_proven() && block.block().is_leaf()));
        Items items;
        for (u32 slot = 0; slot < block.block().count(); ++slot) {
            items.push_back({block.block().key(slot), copy_of(block.block().item_data(slot))});
        }
        return items;
    }

    void write_leaf(u64 address, u64 owner, const Items& items) const {
        write(address, build_leaf(geometry(), {.address = address, .owner = owner, .generation = generation()}, items));
    }

    void write_trees() const {
        const auto files = filesystem_.find_tree(btrfs::fs_tree_id);
        REQUIRE(files);
        auto items = items_of(files->block);
        edit_body<btrfs::InodeItem>(item_of_type(items, btrfs::item_type::inode_item),
                                    [](btrfs::InodeItem& inode) { inode.mtime.sec = inode.mtime.sec + 1; });
        write_leaf(new_address(2), btrfs::fs_tree_id, items);
        auto roots = items_of(filesystem_.root_tree().block);
        for (auto& item : roots) {
            if (item.key == files->root_key) {
                edit_body<btrfs::RootItem>(item, [&](btrfs::RootItem& root) {
                    root.bytenr = new_address(2);
                    root.generation = generation();
                    root.generation_v2 = generation();
                });
            }
        }
        write_leaf(new_address(1), btrfs::root_tree_id, roots);
    }

    void write_supers(std::size_t first, std::size_t end) const {
        for (const auto& super : supers_) {
            for (std::size_t mirror = first; mirror < end; ++mirror) {
                const u64 offset = btrfs::superblock_offsets[mirror];
                REQUIRE(writable_.at(super.dev_item.devid)->write(offset, as_bytes_of(sealed_copy(super, offset))));
            }
        }
    }

    Result<void> save_undo(const std::string& path) const {
        BTRKIT_TRY_ASSIGN(auto file,
                          UndoWriter::create(path, undo_identity(supers_, geometry().generation, writable_), {}));
        for (const u64 number : {u64{1}, u64{2}}) {
            for (unsigned mirror = 1; mirror <= filesystem_.volume().mirror_count({new_address(number)}); ++mirror) {
                const auto places = places_of(new_address(number), mirror);
                BTRKIT_TRY(file.note_born({.devid = places.devid,
                                           .offset = places.offset,
                                           .address = new_address(number),
                                           .generation = generation(),
                                           .length_bytes = geometry().nodesize}));
            }
        }
        BTRKIT_TRY(save_superblocks(file, supers_, writable_));
        return file.seal();
    }

    /// Of dup and raid1 chunks.
    Physical places_of(u64 address, unsigned mirror) const {
        const auto& stripe = chunk_->stripes[mirror - 1];
        return {stripe.devid, stripe.offset + (address - chunk_->start.bytenr)};
    }

    Filesystem filesystem_;
    WritableDevices writable_;
    const Chunk* chunk_ = nullptr;
    std::vector<btrfs::Superblock> supers_;
    Fault fault_;
};

/// Of two superblocks each.
FilesystemKind dup() {
    return {.slack_bytes = 80 * mib};
}
FilesystemKind raid1() {
    return {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 80 * mib};
}

/// A filesystem and a commit that was made to it.
class Bench {
public:
    explicit Bench(const FilesystemKind& kind, Fault fault = Fault::none, const std::string& undo_path = {})
        : old_(kind), devices_(old_.devices()), states_(pointers()) {
        const auto done = states_.record([&](Devices devices, const std::vector<WritableDevice*>& writable) {
            return HandMadeCommit(std::move(devices), writable, fault).commit(undo_path);
        });
        REQUIRE_MESSAGE(done, done.error().message);
    }

    const TransactionStates& states() const { return states_; }
    const EditedFilesystem& old() const { return old_; }

    StatesReport judge(StatesChoice choice = {}) const {
        choice.most_judged = std::max<std::size_t>(choice.most_judged, rounds(0, 100'000));
        choice.subsets = rounds(choice.subsets, 20);
        choice.torn = rounds(choice.torn, 20);
        choice.all_torn = rounds(choice.all_torn, 20);
        auto report = states_.judge(choice);
        MESSAGE(report.states, " states, ", report.distinct, " distinct, ", report.judged, " judged: ", report.were_old,
                " old, ", report.were_new, " new, ", report.torn, " torn, ", report.wrong.size(), " wrong");
        return report;
    }

private:
    std::vector<const BlockDevice*> pointers() const {
        std::vector<const BlockDevice*> all;
        for (const auto& device : devices_) {
            all.push_back(device.get());
        }
        return all;
    }

    EditedFilesystem old_;
    Devices devices_;
    TransactionStates states_;
};

} // namespace

TEST_CASE("a commit in the right order leaves the old or the new filesystem, wherever the power goes") {
    for (const auto& kind : {dup(), raid1()}) {
        CAPTURE(kind.metadata_profile);
        const Bench bench(kind);
        const auto report = bench.judge({.subsets = 3, .torn = 4});
        CHECK_MESSAGE(report.wrong.empty(), report.wrong.front());
        CHECK(report.were_old > 0);
        CHECK(report.were_new > 0);
        CHECK(report.torn > 0);
        CHECK(report.without_superblock == 0);
        CHECK(report.judged == report.were_old + report.were_new);
        CHECK(report.judged == report.distinct);
        CHECK_FALSE(bench.states().new_findings().empty()); // space is not described, on purpose
    }
}

TEST_CASE("superblocks before the flush are caught") {
    const auto report = Bench(dup(), Fault::super_before_flush).judge();
    CHECK_FALSE(report.wrong.empty());
    CHECK(report.were_new > 0);
}

TEST_CASE("mirrors together with the first superblocks are caught") {
    CHECK(Bench(dup(), Fault::all_supers_at_once).judge({.all_torn = 20}).without_superblock > 0);
}

TEST_CASE("a block of the old filesystem that is overwritten is caught") {
    const auto report = Bench(dup(), Fault::in_place).judge();
    CHECK_FALSE(report.wrong.empty());
}

TEST_CASE("of many states those around the superblocks are judged first, and a sample is written for kernels") {
    const TemporaryFolder folder;
    const Bench bench(dup());
    const auto report = bench.states().judge({.most_judged = 12, .export_folder = folder.path(), .most_exported = 3});
    CHECK(report.judged == 12);
    CHECK(report.were_new >= 2);
    CHECK(report.exported == 3);
    std::ifstream list(folder / "list");
    std::size_t lines = 0;
    for (std::string line; std::getline(list, line); ++lines) {
        CHECK(std::filesystem::file_size(line) == bench.old().devices().front()->size_bytes());
    }
    CHECK(lines == 3 + 2); // before and after
}

TEST_CASE("an undone commit leaves the filesystem as it was, found by the check and by its files") {
    for (const auto& kind : {dup(), raid1()}) {
        const TemporaryFolder folder;
        const Bench bench(kind, Fault::none, folder / "undo");
        const auto file = UndoReader::open(folder / "undo");
        REQUIRE_MESSAGE(file, file.error().message);
        const auto changed = bench.states().after();
        std::vector<std::unique_ptr<OverlayDevice>> overlays;
        std::vector<WritableDevice*> writable;
        for (const auto& device : changed) {
            overlays.push_back(std::make_unique<OverlayDevice>(*device, OverlayDevice::Room{}));
            writable.push_back(overlays.back().get());
        }
        const auto report = undo::run(*file, writable, {});
        REQUIRE_MESSAGE(report, report.error().message);
        CHECK(report->totals().cleared_blocks == 4);
        CHECK(report->totals().superblocks == 2 * kind.device_count);

        // Byte by byte, but for the two blocks that are free.
        const auto before = bench.old().devices();
        u64 differing = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            std::vector<std::byte> old_bytes(mib);
            std::vector<std::byte> bytes(mib);
            for (u64 at = 0; at + mib <= before[i]->size_bytes(); at += mib) {
                REQUIRE(before[i]->read(at, old_bytes));
                REQUIRE(overlays[i]->read(at, bytes));
                differing += old_bytes == bytes ? 0 : 1;
            }
        }
        CHECK(differing <= 2 * kind.device_count);
        Devices undone;
        for (auto& overlay : overlays) {
            undone.push_back(std::move(overlay));
        }
        CHECK(check_filesystem(std::move(undone)).findings.all().empty());
    }
}

} // namespace transaction_states_test
