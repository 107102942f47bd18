// SPDX-License-Identifier: MIT
// Undo brings back every byte, wherever it is interrupted; and touches nothing that has moved on.
#include "libfs/ops/undo/undo.h"

#include "formats/btrfs/tree_block.h"
#include "libfs/io/memory_device.h"
#include "libfs/io/overlay_device.h"
#include "libfs/io/undo_writer.h"
#include "libfs/volume/superblock_writer.h"
#include "libfs/volume/undo_superblocks.h"
#include "tests/support/build_leaf.h"
#include "tests/support/device_layer.h"
#include "tests/support/effort.h"
#include "tests/support/faulty_device.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/touched_places.h"
#include "tests/support/volume_image.h"
#include "tests/support/zero_device.h"

#include <cstring>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace undo_test {

using namespace btrkit;
using namespace btrkit::test;
using undo::SuperblockState;

namespace {

constexpr u64 primary_offset = btrfs::superblock_offsets[0];
constexpr u64 mirror_offset = btrfs::superblock_offsets[1];
constexpr u64 device_bytes = u64{65} << 20; ///< there is room for one mirror
constexpr u64 old_generation = 18;
constexpr u64 new_generation = 19;
constexpr u64 in_place_offset = u64{1} << 20;
constexpr u64 in_place_bytes = 6000;
constexpr u64 born_offset = u64{2} << 20;
constexpr u64 born_count = 3; ///< on each device
constexpr u32 node_bytes = 4096;

btrfs::Superblock super_of(u64 devid, u64 generation) {
    auto super = sample_superblock();
    super.generation = generation;
    super.num_devices = 2;
    super.dev_item.devid = devid;
    super.dev_item.uuid = uuid_of(static_cast<u8>(devid));
    super.dev_item.total_bytes = device_bytes;
    super.backup_roots[generation % 4].tree_root_gen = generation;
    return super;
}

std::vector<std::byte> born_block(u64 address, u64 generation) {
    std::vector<std::byte> block(node_bytes, std::byte{0x5a});
    btrfs::TreeBlockHeader header;
    header.fsid = super_of(1, generation).tree_fsid();
    header.bytenr = address;
    header.generation = generation;
    std::memcpy(block.data(), &header, sizeof(header));
    return block;
}

u64 address_of(u64 number) {
    return (u64{1} << 30) + number * node_bytes;
}

struct Place {
    u64 devid;
    u64 offset;
    u64 length;
};

/// All that must be what it was before the change.
std::vector<Place> old_places() {
    std::vector<Place> places;
    for (const u64 devid : {u64{1}, u64{2}}) {
        places.push_back({devid, primary_offset, btrfs::superblock_size});
        places.push_back({devid, mirror_offset, btrfs::superblock_size});
        places.push_back({devid, in_place_offset, in_place_bytes});
    }
    return places;
}

using DeviceList = std::vector<WritableDevice*>;

/// Two devices with an old filesystem (superblocks, and bytes that stand for what is overwritten in place), over zeros.
/// The mirror of device 2 is stale: of an earlier commit.
class Bench {
public:
    Bench() {
        for (const u64 devid : {u64{1}, u64{2}}) {
            zeros_.push_back(std::make_unique<ZeroDevice>(fmt::format("dev{}", devid), device_bytes));
            old_.push_back(std::make_unique<OverlayDevice>(*zeros_.back(), OverlayDevice::Room{}));
            auto& device = *old_.back();
            put(device, primary_offset, as_bytes_of(sealed_copy(super_of(devid, old_generation), primary_offset)));
            put(device, mirror_offset,
                as_bytes_of(sealed_copy(super_of(devid, old_generation - (devid - 1)), mirror_offset)));
            put(device, in_place_offset, std::vector<std::byte>(in_place_bytes, static_cast<std::byte>(devid)));
        }
    }

    static void put(WritableDevice& device, u64 offset, Bytes bytes) { REQUIRE(device.write(offset, bytes)); }

    std::vector<const BlockDevice*> old() const { return {old_[0].get(), old_[1].get()}; }

private:
    std::vector<std::unique_ptr<ZeroDevice>> zeros_;
    std::vector<std::unique_ptr<OverlayDevice>> old_;
};

using Layer = DeviceLayer;

WritableDevices by_devid(const Layer& layer) {
    return {{1, layer.list()[0]}, {2, layer.list()[1]}};
}

/// What the engine of changes does: born blocks, undo file, in place, superblocks. Returns how many of the layer's
/// changes came before the file was sealed.
std::size_t change(const Layer& layer, const std::string& undo_path) {
    const auto devices = by_devid(layer);
    const std::array supers = {super_of(1, new_generation), super_of(2, new_generation)};
    auto file = UndoWriter::create(undo_path, undo_identity(supers, old_generation, devices), {});
    REQUIRE_MESSAGE(file, file.error().message);
    for (const auto& [devid, device] : devices) {
        for (u64 i = 0; i < born_count; ++i) {
            const u64 offset = born_offset + i * node_bytes;
            Bench::put(*device, offset, born_block(address_of(i), new_generation));
            REQUIRE(file->note_born({.devid = devid,
                                     .offset = offset,
                                     .address = address_of(i),
                                     .generation = new_generation,
                                     .length_bytes = node_bytes}));
        }
        std::vector<std::byte> before(in_place_bytes);
        REQUIRE(device->read(in_place_offset, before));
        REQUIRE(file->save(devid, in_place_offset, before));
    }
    REQUIRE(save_superblocks(*file, supers, devices));
    REQUIRE(file->seal());
    const auto sealed_at = layer.changes().size();
    for (const auto& [devid, device] : devices) {
        Bench::put(*device, in_place_offset, std::vector<std::byte>(in_place_bytes, std::byte{0xee}));
    }
    SuperblockWriter writer(devices);
    REQUIRE(writer.commit(supers));
    return sealed_at;
}

UndoReader open_undo(const std::string& path) {
    auto reader = UndoReader::open(path);
    REQUIRE_MESSAGE(reader, reader.error().message);
    return std::move(*reader);
}

std::vector<std::byte> bytes_at(const BlockDevice& device, u64 offset, u64 length) {
    std::vector<std::byte> bytes(length);
    REQUIRE(device.read(offset, bytes));
    return bytes;
}

/// Whether all that the old filesystem refers to is there, and no block is left that the change has made.
bool is_undone(const std::vector<const BlockDevice*>& devices, const Bench& bench) {
    for (const auto& [devid, offset, length] : old_places()) {
        if (bytes_at(*devices[devid - 1], offset, length) != bytes_at(*bench.old()[devid - 1], offset, length)) {
            return false;
        }
    }
    for (const auto* device : devices) {
        for (u64 i = 0; i < born_count; ++i) {
            const auto bytes = bytes_at(*device, born_offset + i * node_bytes, sizeof(btrfs::TreeBlockHeader));
            if (view_at<btrfs::TreeBlockHeader>(bytes)->generation == new_generation) {
                return false;
            }
        }
    }
    return true;
}

/// A change that was made and not undone yet.
struct Changed {
    TemporaryFolder folder;
    Bench bench;
    Layer layer{bench.old()};
    std::size_t sealed_at = change(layer, folder / "undo");

    UndoReader file() const { return open_undo(folder / "undo"); }
};

std::string why_refused(const Changed& changed, const Layer& layer, ErrorKind kind = ErrorKind::refused) {
    const auto file = changed.file();
    const auto planned = undo::plan(file, layer.readable(), {});
    const auto done = undo::run(file, layer.list(), {});
    REQUIRE_FALSE(planned);
    REQUIRE_FALSE(done);
    CHECK(planned.error().message == done.error().message);
    CHECK(layer.changes().empty());
    CHECK(done.error().kind == kind);
    return done.error().message;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("undo brings back what was overwritten and clears what was born; a plan says so before") {
    const Changed changed;
    const auto file = changed.file();
    const Layer layer(changed.layer.readable());
    const auto planned = undo::plan(file, layer.readable(), {});
    REQUIRE_MESSAGE(planned, planned.error().message);
    CHECK(layer.changes().empty());
    const auto done = undo::run(file, layer.list(), {});
    REQUIRE_MESSAGE(done, done.error().message);
    CHECK(is_undone(layer.readable(), changed.bench));
    for (const auto& report : {*planned, *done}) {
        REQUIRE(report.devices.size() == 2);
        for (const auto& device : report.devices) {
            CHECK(device.name == fmt::format("dev{}", device.devid));
            CHECK(device.found == SuperblockState::changed);
            CHECK(device.restored_bytes == in_place_bytes);
            CHECK(device.superblocks == 2);
            CHECK(device.cleared_blocks == born_count);
        }
        CHECK(report.totals().cleared_blocks == 2 * born_count);
        CHECK_FALSE(report.was_done());
    }
    const auto again = undo::run(file, layer.list(), {});
    REQUIRE(again);
    CHECK(again->was_done());
    CHECK(again->devices[1].found == SuperblockState::unchanged);
}

TEST_CASE("undo writes in the order that makes it safe: in place, first superblocks, mirrors, born blocks") {
    const Changed changed;
    const auto file = changed.file();
    const Layer layer(changed.layer.readable());
    const auto all = layer.list();
    REQUIRE(undo::run(file, std::vector{all[1], all[0]}, {})); // in any order
    std::string order;
    for (const auto& change : layer.changes()) {
        order += change.kind == DeviceChange::Kind::flush ? 'f'
                 : change.place.offset == primary_offset  ? 'p'
                 : change.place.offset == mirror_offset   ? 'm'
                 : change.place.offset == in_place_offset ? 'i'
                                                          : 'b';
    }
    CHECK(order == "iiffppffmmffbbbbbbff");
}

TEST_CASE("wherever the power goes during undo, running it again gives the old filesystem") {
    const Changed changed;
    const auto file = changed.file();
    const Layer layer(changed.layer.readable());
    REQUIRE(undo::run(file, layer.list(), {}));
    const auto before = changed.layer.readable();
    const TouchedPlaces places(layer.changes());
    std::size_t torn = 0;
    const auto count =
        for_each_crash_state(places.gather(before), places.gathered(layer.changes()),
                             {.subsets = rounds(6, 60), .torn = rounds(10, 100)}, [&](const CrashState& state) {
                                 CAPTURE(state.cut);
                                 CAPTURE(state.what);
                                 const CrashedDevice first(*before[0], places, state.contents.at("dev1"));
                                 const CrashedDevice second(*before[1], places, state.contents.at("dev2"));
                                 const Layer crashed({&first, &second});
                                 const auto done = undo::run(file, crashed.list(), {});
                                 REQUIRE_MESSAGE(done, done.error().message);
                                 CHECK(is_undone(crashed.readable(), changed.bench));
                                 torn += done->devices[0].found == SuperblockState::torn ? 1 : 0;
                             });
    CHECK(count > 200);
    CHECK(torn > 0);
}

TEST_CASE("wherever the power goes during the change, once its undo file was sealed undo gives the old filesystem") {
    const Changed changed;
    const auto file = changed.file();
    const auto before = changed.bench.old();
    const TouchedPlaces places(changed.layer.changes());
    std::size_t torn = 0;
    for_each_crash_state(places.gather(before), places.gathered(changed.layer.changes()),
                         {.subsets = rounds(6, 60), .torn = rounds(10, 100)}, [&](const CrashState& state) {
                             if (state.cut < changed.sealed_at) {
                                 return;
                             }
                             CAPTURE(state.cut);
                             CAPTURE(state.what);
                             const CrashedDevice first(*before[0], places, state.contents.at("dev1"));
                             const CrashedDevice second(*before[1], places, state.contents.at("dev2"));
                             const Layer crashed({&first, &second});
                             const auto done = undo::run(file, crashed.list(), {});
                             REQUIRE_MESSAGE(done, done.error().message);
                             CHECK(is_undone(crashed.readable(), changed.bench));
                             torn += done->devices[1].found == SuperblockState::torn ? 1 : 0;
                         });
    CHECK(torn > 0);
}

TEST_CASE("after any write or flush has failed, running undo again gives the old filesystem") {
    const Changed changed;
    const auto file = changed.file();
    const auto fail_once = [&](u64 DeviceFaults::* which, u64 number) {
        const auto faults = std::make_shared<DeviceFaults>();
        (*faults).*which = number;
        const Layer layer(changed.layer.readable(), [&](auto device) {
            return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
        });
        const auto done = undo::run(file, layer.list(), {});
        if (done) {
            return false;
        }
        CHECK(done.error().kind == ErrorKind::io);
        (*faults).*which = DeviceFaults::never;
        const auto again = undo::run(file, layer.list(), {});
        REQUIRE_MESSAGE(again, again.error().message);
        CHECK(is_undone(layer.readable(), changed.bench));
        return true;
    };
    u64 writes = 0;
    while (fail_once(&DeviceFaults::first_bad_write, writes)) {
        ++writes;
    }
    CHECK(writes == 6 + 2 * born_count);
    u64 flushes = 0;
    while (fail_once(&DeviceFaults::bad_flush, flushes)) {
        ++flushes;
    }
    CHECK(flushes == 8);
}

TEST_CASE("what can't be read stops undo, before the superblocks if it is of the old filesystem") {
    const Changed changed;
    const auto file = changed.file();
    for (const u64 bad : {primary_offset, mirror_offset, in_place_offset, born_offset}) {
        CAPTURE(bad);
        const Layer layer(changed.layer.readable(), [&](auto device) {
            return std::make_unique<FaultyDevice>(std::move(device),
                                                  std::vector<FaultyDevice::Range>{{.offset = bad, .length = 1}});
        });
        const auto done = undo::run(file, layer.list(), {});
        REQUIRE_FALSE(done);
        CHECK(done.error().kind == ErrorKind::io);
        const bool has_supers = std::ranges::any_of(
            layer.changes(), [](const DeviceChange& change) { return change.place.offset == primary_offset; });
        CHECK(has_supers == (bad == born_offset));
    }
}

TEST_CASE("a filesystem that has moved on is refused, on whichever device that shows") {
    const Changed changed;
    for (const std::size_t victim : {std::size_t{0}, std::size_t{1}}) {
        for (const u64 offset : {primary_offset, mirror_offset}) {
            CAPTURE(victim);
            CAPTURE(offset);
            const Layer moved(changed.layer.readable());
            auto super = super_of(victim + 1, new_generation + 1);
            Bench::put(*moved.list()[victim], offset, as_bytes_of(sealed_copy(super, offset)));
            CHECK(has(why_refused(changed, Layer(moved.readable())), ": the filesystem has moved on: "));
            // The same generation, after the old filesystem was there again and has moved on from that.
            super = super_of(victim + 1, new_generation);
            super.bytes_used = 12345;
            Bench::put(*moved.list()[victim], offset, as_bytes_of(sealed_copy(super, offset)));
            CHECK(has(why_refused(changed, Layer(moved.readable())), ": the filesystem has moved on: "));
        }
    }
}

TEST_CASE("what is not the filesystem of the undo file, or not all of it, is refused") {
    const Changed changed;
    const auto with_super = [&](const std::function<void(btrfs::Superblock&)>& edit) {
        Layer other(changed.layer.readable());
        auto super = super_of(1, new_generation);
        edit(super);
        Bench::put(*other.list()[0], primary_offset, as_bytes_of(sealed_copy(super, primary_offset)));
        return why_refused(changed, Layer(other.readable()));
    };
    CHECK(has(with_super([](auto& super) { super.fsid.bytes.fill(77); }), "dev1: holds the filesystem 4d4d4d4d-"));
    CHECK(has(with_super([](auto& super) { super.dev_item.devid = 3; }), "dev1: device 3 of its filesystem was not"));
    CHECK(has(with_super([](auto& super) { super.dev_item.uuid.bytes.fill(78); }), "was not part of it"));
    CHECK(has(with_super([](auto& super) { super.magic = 0; }), "dev1: its first superblock is not valid"));

    const auto all = changed.layer.readable();
    CHECK(has(why_refused(changed, Layer({all[0]})), "undo: device 2 (02020202-"));
    CHECK(has(why_refused(changed, Layer({all[0], all[0]}), ErrorKind::usage), "was given as dev1 already"));
    const MemoryDevice tiny("tiny", std::vector<std::byte>(1000));
    CHECK(has(why_refused(changed, Layer({all[0], all[1], &tiny})), "tiny: "));
    const MemoryDevice cut("cut", bytes_at(*all[0], 0, device_bytes - 4096));
    CHECK(has(why_refused(changed, Layer({&cut, all[1]})), "cut: has 68153344 bytes, but had 68157440"));
}

TEST_CASE("an undo file without its end, or one that would write where it may not, is refused") {
    const Changed changed;
    const Layer layer(changed.layer.readable());
    const auto try_file = [&](const std::string& path) {
        const auto done = undo::run(open_undo(path), layer.list(), {});
        REQUIRE_FALSE(done);
        CHECK(layer.changes().empty());
        return done.error().kind;
    };
    const std::array supers = {super_of(1, new_generation), super_of(2, new_generation)};
    const auto identity = undo_identity(supers, old_generation, by_devid(layer));
    const auto unsealed = UndoWriter::create(changed.folder / "unsealed", identity, {});
    REQUIRE(unsealed);
    CHECK(try_file(changed.folder / "unsealed") == ErrorKind::refused);
    const auto sealed_with = [&](const std::string& name, const std::function<Result<void>(UndoWriter&)>& put) {
        auto file = UndoWriter::create(changed.folder / name, identity, {});
        REQUIRE(file);
        REQUIRE(save_superblocks(*file, supers, by_devid(layer)));
        REQUIRE(put(*file));
        REQUIRE(file->seal());
        return try_file(changed.folder / name);
    };
    CHECK(sealed_with("super", [](UndoWriter& file) {
              return file.save(1, primary_offset + 4095, std::vector<std::byte>(1));
          }) == ErrorKind::damaged);
    CHECK(sealed_with("born", [](UndoWriter& file) {
              return file.note_born({.devid = 1, .offset = mirror_offset - 4096, .length_bytes = 8192});
          }) == ErrorKind::damaged);
    CHECK(sealed_with("small", [](UndoWriter& file) {
              return file.note_born({.devid = 1, .offset = born_offset, .length_bytes = 100});
          }) == ErrorKind::damaged);
}

TEST_CASE("born blocks are left alone where something else stands") {
    const Changed changed;
    const Layer other(changed.layer.readable());
    const auto later = born_block(address_of(0), new_generation + 1);
    const auto elsewhere = born_block(address_of(7), new_generation);
    Bench::put(*other.list()[0], born_offset, later);
    Bench::put(*other.list()[0], born_offset + node_bytes, elsewhere);
    auto foreign = born_block(address_of(2), new_generation);
    header_in(foreign).fsid.bytes.fill(9);
    Bench::put(*other.list()[0], born_offset + 2 * node_bytes, foreign);
    const auto done = undo::run(changed.file(), other.list(), {});
    REQUIRE(done);
    CHECK(done->devices[0].cleared_blocks == born_count - 3);
    CHECK(done->devices[1].cleared_blocks == born_count);
    CHECK(bytes_at(*other.list()[0], born_offset, node_bytes) == later);
    CHECK(bytes_at(*other.list()[0], born_offset + node_bytes, node_bytes) == elsewhere);
    CHECK(bytes_at(*other.list()[0], born_offset + 2 * node_bytes, node_bytes) == foreign);
}

TEST_CASE("undo that is stopped fails as cancelled, and goes on when it is run again") {
    const Changed changed;
    const auto file = changed.file();
    const Layer layer(changed.layer.readable());
    StopFlag flag;
    flag.request();
    const auto done = undo::run(file, layer.list(), {.stop = StopToken(flag)});
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::cancelled);
    REQUIRE(undo::run(file, layer.list(), {}));
    CHECK(is_undone(layer.readable(), changed.bench));
}

} // namespace undo_test
