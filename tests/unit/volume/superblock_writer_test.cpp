// SPDX-License-Identifier: MIT
// Superblocks as they are written: in which order, what a failure leaves, and that no cut of the power leaves devices
// that tell of nothing.
#include "libfs/volume/superblock_writer.h"

#include "libfs/io/memory_device.h"
#include "libfs/io/overlay_device.h"
#include "libfs/io/undo_reader.h"
#include "libfs/volume/mender.h"
#include "libfs/volume/superblock_places.h"
#include "libfs/volume/undo_superblocks.h"
#include "tests/support/crash_states.h"
#include "tests/support/faulty_device.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/volume_image.h"
#include "tests/support/zero_device.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace superblock_writer_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 primary_offset = btrfs::superblock_offsets[0];
constexpr u64 mirror_offset = btrfs::superblock_offsets[1];
/// There is room for one mirror.
constexpr u64 device_bytes = u64{65} << 20;

/// Does not read as it was written, or not at all, at one offset.
class UntrueDevice final : public ForwardingDevice {
public:
    enum class How { lies, fails };

    UntrueDevice(std::unique_ptr<BlockDevice> below, u64 offset, How how)
        : ForwardingDevice(std::move(below)), offset_(offset), how_(how) {}

    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(ForwardingDevice::read(offset, out));
        if (offset == offset_) {
            if (how_ == How::fails) {
                return fail(ErrorKind::io, name() + ": cannot read: as told");
            }
            out.back() ^= std::byte{1};
        }
        return {};
    }

private:
    u64 offset_;
    How how_;
};

btrfs::Superblock super_of(u64 devid, u64 generation) {
    auto super = sample_superblock();
    super.generation = generation;
    super.num_devices = 2;
    super.dev_item.devid = devid;
    super.dev_item.uuid = uuid_of(static_cast<u8>(devid));
    super.dev_item.total_bytes = device_bytes;
    super.backup_roots[generation % 4].tree_root_gen = generation; // so that not only the first sector differs
    return super;
}

using Wrap = std::function<std::unique_ptr<WritableDevice>(std::unique_ptr<WritableDevice>)>;

/// Two devices, with everything recorded that comes down on them.
struct Bench {
    explicit Bench(const Wrap& wrap = [](auto device) { return device; }) {
        for (const u64 devid : {u64{1}, u64{2}}) {
            const auto& zeros =
                zero_devices.emplace_back(std::make_unique<ZeroDevice>(fmt::format("dev{}", devid), device_bytes));
            auto overlay = std::make_unique<OverlayDevice>(*zeros, OverlayDevice::Room{});
            devices[devid] = wrap(std::make_unique<RecordingDevice>(std::move(overlay), record));
        }
    }

    WritableDevices writable() const {
        WritableDevices all;
        for (const auto& [devid, device] : devices) {
            all[devid] = device.get();
        }
        return all;
    }

    /// Generation 2 for both.
    Result<void> commit(SuperblockWriter& writer) const {
        return writer.commit(std::array{super_of(1, 2), super_of(2, 2)});
    }

    /// One word a change: "flush1", "primary2", "mirror1".
    std::vector<std::string> changes() const {
        std::vector<std::string> words;
        for (const auto& change : record->changes) {
            const char* word = change.kind == DeviceChange::Kind::flush ? "flush"
                               : change.place.offset == primary_offset  ? "primary"
                               : change.place.offset == mirror_offset   ? "mirror"
                                                                        : "other";
            words.push_back(word + change.device.substr(3));
        }
        return words;
    }

    std::shared_ptr<DeviceRecord> record = std::make_shared<DeviceRecord>();
    std::vector<std::unique_ptr<ZeroDevice>> zero_devices;
    std::map<u64, std::unique_ptr<WritableDevice>> devices;
};

std::vector<std::byte> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

/// The devices of a bench with all copies of generation 1.
DeviceContents older_contents() {
    DeviceContents contents;
    for (const u64 devid : {u64{1}, u64{2}}) {
        auto& bytes = contents[fmt::format("dev{}", devid)] = SparseBytes(device_bytes);
        for (const u64 offset : {primary_offset, mirror_offset}) {
            bytes.write(offset, as_bytes_of(sealed_copy(super_of(devid, 1), offset)));
        }
    }
    return contents;
}

const std::vector<std::string> whole_commit = {"flush1", "flush2",  "primary1", "primary2", "flush1",
                                               "flush2", "mirror1", "mirror2",  "flush1",   "flush2"};

std::vector<std::string> first_changes(std::size_t count) {
    return {whole_commit.begin(), whole_commit.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// The generation that the device's valid copies tell of; 0 where there is none.
u64 generation_told(const std::string& name, const SparseBytes& bytes) {
    u64 newest = 0;
    for (const u64 offset : {primary_offset, mirror_offset}) {
        SuperblockCopy copy{.offset = offset, .super = {}, .problems = {}};
        std::memcpy(&copy.super, bytes.part(offset).data(), sizeof(copy.super));
        copy.problems = check_superblock(copy.super, offset, name);
        if (copy.valid()) {
            newest = std::max(newest, u64{copy.super.generation});
        }
    }
    return newest;
}

} // namespace

TEST_CASE("a commit flushes, writes primaries, flushes and reads them, and then the mirrors likewise") {
    const Bench bench;
    SuperblockWriter writer(bench.writable());
    CHECK(writer.stage() == CommitStage::before);
    REQUIRE(bench.commit(writer));
    CHECK(writer.stage() == CommitStage::complete);
    CHECK(bench.changes() == whole_commit);
    CHECK(bench.record->reads.size() == 4);
    for (const auto& [devid, device] : bench.devices) {
        Problems problems;
        const auto copies = read_superblock_copies(*device, problems);
        REQUIRE(copies.size() == 2);
        for (const auto& copy : copies) {
            CHECK(copy.valid());
            CHECK(copy.super.generation == 2);
            CHECK(copy.super.dev_item.devid == devid);
        }
        CHECK(compare_superblock_copies(copies, speaking_copy(copies), device->name()).empty());
    }
}

TEST_CASE("a commit ends at the first write that fails, and knows how far it came") {
    for (u64 bad = 0; bad < 4; ++bad) {
        CAPTURE(bad);
        const auto faults = std::make_shared<DeviceFaults>();
        faults->first_bad_write = bad;
        const Bench bench([&](auto device) {
            return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
        });
        SuperblockWriter writer(bench.writable());
        const auto done = bench.commit(writer);
        REQUIRE_FALSE(done);
        CHECK(done.error().kind == ErrorKind::io);
        CHECK(writer.stage() == (bad < 2 ? CommitStage::primaries : CommitStage::mirrors));
        CHECK(bench.changes() == first_changes(bad < 2 ? 2 + bad : 4 + bad));
    }
}

TEST_CASE("a commit ends at the first flush that fails; the other devices are flushed all the same") {
    for (u64 bad = 0; bad < 6; ++bad) {
        CAPTURE(bad);
        const auto faults = std::make_shared<DeviceFaults>();
        faults->bad_flush = bad;
        const Bench bench([&](auto device) {
            return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
        });
        SuperblockWriter writer(bench.writable());
        const auto done = bench.commit(writer);
        REQUIRE_FALSE(done);
        CHECK(done.error().message == fmt::format("dev{}: cannot flush: as told", bad % 2 + 1));
        const u64 round = bad / 2;
        CHECK(writer.stage() == std::array{CommitStage::before, CommitStage::primaries, CommitStage::mirrors}[round]);
        auto expected = first_changes(2 + 4 * round);
        expected.erase(expected.end() - (bad % 2 == 0 ? 2 : 1));
        CHECK(bench.changes() == expected);
    }
}

TEST_CASE("a commit ends at the first copy that can't be read back or reads otherwise") {
    for (const auto how : {UntrueDevice::How::lies, UntrueDevice::How::fails}) {
        for (const u64 bad : {primary_offset, mirror_offset}) {
            CAPTURE(bad);
            const Bench bench([&](auto device) { return std::make_unique<UntrueDevice>(std::move(device), bad, how); });
            SuperblockWriter writer(bench.writable());
            const auto done = bench.commit(writer);
            REQUIRE_FALSE(done);
            CHECK(done.error().kind == ErrorKind::io);
            CHECK(done.error().message.starts_with("dev1: "));
            CHECK(writer.stage() == (bad == primary_offset ? CommitStage::primaries : CommitStage::mirrors));
            CHECK(bench.changes() == first_changes(bad == primary_offset ? 6 : 10));
        }
    }
}

TEST_CASE("wherever the power goes during a commit, each device tells of the old or of the new filesystem") {
    const Bench bench;
    SuperblockWriter writer(bench.writable());
    REQUIRE(bench.commit(writer));
    bool has_torn_primary = false;
    std::set<std::pair<u64, u64>> seen;
    const auto count = for_each_crash_state(
        older_contents(), bench.record->changes, {.subsets = 16, .torn = 32}, [&](const CrashState& state) {
            CAPTURE(state.cut);
            CAPTURE(state.what);
            std::vector<u64> told;
            for (const auto& [name, bytes] : state.contents) {
                told.push_back(generation_told(name, bytes));
                CHECK((told.back() == 1 || told.back() == 2));
                SuperblockCopy primary{.offset = primary_offset, .super = {}, .problems = {}};
                std::memcpy(&primary.super, bytes.part(primary_offset).data(), sizeof(primary.super));
                primary.problems = check_superblock(primary.super, primary_offset, name);
                has_torn_primary = has_torn_primary || !primary.valid();
                // Once mirrors are touched the new primaries last.
                if (state.cut > 6) {
                    CHECK(primary.valid());
                    CHECK(primary.super.generation == 2);
                }
            }
            seen.insert({told.at(0), told.at(1)});
        });
    CHECK(count > 100);
    CHECK(has_torn_primary);
    CHECK(seen == std::set<std::pair<u64, u64>>{{1, 1}, {1, 2}, {2, 1}, {2, 2}});
}

TEST_CASE("a commit leaves out mirrors that a device has no room for, and never the primary") {
    const auto record = std::make_shared<DeviceRecord>();
    RecordingDevice small(std::make_unique<MemoryDevice>("dev1", std::vector<std::byte>(mirror_offset)), record);
    SuperblockWriter writer({{1, &small}});
    REQUIRE(writer.commit(std::array{super_of(1, 2)}));
    CHECK(std::ranges::count(record->changes, DeviceChange::Kind::write, &DeviceChange::kind) == 1);
    MemoryDevice tiny("dev1", std::vector<std::byte>(primary_offset));
    SuperblockWriter hopeless({{1, &tiny}});
    CHECK_FALSE(hopeless.commit(std::array{super_of(1, 2)}));
}

TEST_CASE("what stood in the places of superblocks comes back to the byte, in the order of a commit") {
    const Bench bench;
    std::vector<SuperblockImage> before;
    for (const auto& [devid, device] : bench.devices) {
        for (const u64 offset : {mirror_offset, primary_offset}) {
            SuperblockImage image{.devid = devid, .offset = offset};
            image.bytes.fill(static_cast<std::byte>(offset / primary_offset + devid)); // no superblocks at all
            REQUIRE(device->write(offset, image.bytes));
            before.push_back(image);
        }
    }
    SuperblockWriter writer(bench.writable());
    REQUIRE(bench.commit(writer));
    bench.record->changes.clear();
    REQUIRE(writer.restore(before));
    CHECK(writer.stage() == CommitStage::complete);
    CHECK(bench.changes() == whole_commit);
    for (const auto& image : before) {
        SuperblockImage found;
        REQUIRE(bench.devices.at(image.devid)->read(image.offset, found.bytes));
        CHECK(found.bytes == image.bytes);
    }
    bench.record->changes.clear();
    REQUIRE(writer.restore({}));
    CHECK(std::ranges::all_of(bench.changes(), [](const auto& word) { return word.starts_with("flush"); }));
}

TEST_CASE("an undo file gets every place that a commit writes, and no other") {
    const TemporaryFolder folder;
    const Bench bench;
    const auto writable = bench.writable();
    const std::array supers = {super_of(1, 2), super_of(2, 2)};
    REQUIRE(bench.devices.at(1)->write(primary_offset, as_bytes_of(sealed_copy(super_of(1, 1), primary_offset))));
    {
        auto undo = UndoWriter::create(folder / "undo", undo_identity(supers, 1, writable), {});
        REQUIRE(undo);
        REQUIRE(save_superblocks(*undo, supers, writable));
        REQUIRE(undo->seal());
    }
    const auto reader = UndoReader::open(folder / "undo");
    REQUIRE_MESSAGE(reader, reader.error().message);
    CHECK(reader->identity()->fsid == supers[0].fsid);
    CHECK(reader->identity()->old_generation == 1);
    CHECK(reader->identity()->new_generation == 2);
    CHECK(reader->identity()->device(2)->size_bytes == device_bytes);
    CHECK(reader->identity()->device(2)->uuid == uuid_of(2));
    REQUIRE(reader->superblocks().size() == 4);
    bench.record->changes.clear();
    SuperblockWriter writer(writable);
    REQUIRE(bench.commit(writer));
    for (const auto& super : reader->superblocks()) {
        const bool was_there = super.devid == 1 && super.offset == primary_offset;
        CHECK(super.before == (was_there ? copy_of(as_bytes_of(sealed_copy(super_of(1, 1), primary_offset)))
                                         : std::vector<std::byte>(4096)));
        const auto written = std::ranges::find_if(bench.record->changes, [&](const DeviceChange& change) {
            return change.place.offset == super.offset && change.device == fmt::format("dev{}", super.devid);
        });
        REQUIRE(written != bench.record->changes.end());
        CHECK(written->bytes == super.after);
    }
}

TEST_CASE("one copy is written, flushed and read back; by the mender only on devices that may be written") {
    const Bench bench;
    Mender mender({{2, bench.devices.at(2).get()}});
    const auto refused = mender.write_superblock(1, super_of(1, 2), mirror_offset);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK_FALSE(mender.has_written());
    REQUIRE(mender.write_superblock(2, super_of(2, 2), mirror_offset));
    CHECK(mender.has_written());
    CHECK_FALSE(mender.has_failed());
    CHECK(bench.changes() == std::vector<std::string>{"mirror2", "flush2"});
    CHECK(bench.record->reads == std::vector<DeviceRequest>{{mirror_offset, btrfs::superblock_size}});

    const auto inside = mender.write({2, mirror_offset + 4095}, std::vector<std::byte>(2));
    REQUIRE_FALSE(inside);
    CHECK(inside.error().kind == ErrorKind::refused);
    CHECK(mender.write({2, mirror_offset + 4096}, std::vector<std::byte>(2)));

    const Bench untrue([](auto device) {
        return std::make_unique<UntrueDevice>(std::move(device), primary_offset, UntrueDevice::How::lies);
    });
    Mender deceived(untrue.writable());
    const auto done = deceived.write_superblock(1, super_of(1, 2), primary_offset);
    REQUIRE_FALSE(done);
    CHECK(done.error().message == "dev1: the superblock at offset 65536 does not read as it was written");
    CHECK(deceived.has_failed());
}

TEST_CASE("superblocks are erased wherever one fits") {
    const auto record = std::make_shared<DeviceRecord>();
    RecordingDevice device(std::make_unique<MemoryDevice>("dev1", std::vector<std::byte>(device_bytes, std::byte{7})),
                           record);
    REQUIRE(erase_superblocks(device, mirror_offset + 4096));
    REQUIRE(erase_superblocks(device, mirror_offset + 4095));
    std::vector<u64> offsets;
    for (const auto& change : record->changes) {
        offsets.push_back(change.place.offset);
        CHECK(change.bytes == std::vector<std::byte>(btrfs::superblock_size));
    }
    CHECK(offsets == std::vector{primary_offset, mirror_offset, primary_offset});
}

TEST_CASE("which copies a device keeps: those that end before its end, and always the first") {
    const auto kept = [](u64 total_bytes, u64 flags = 0) {
        btrfs::Superblock super;
        super.dev_item.total_bytes = total_bytes;
        super.flags = flags;
        return kept_superblock_offsets(super).size();
    };
    CHECK(kept(0) == 1);
    CHECK(kept(primary_offset) == 1);
    for (const std::size_t mirror : {std::size_t{1}, std::size_t{2}}) {
        const u64 end = btrfs::superblock_offsets[mirror] + btrfs::superblock_size;
        CHECK(kept(end - 1) == mirror);
        CHECK(kept(end) == mirror);
        CHECK(kept(end + 1) == mirror + 1);
        CHECK(kept(end + 1, btrfs::super_flags_metadump) == 1);
        CHECK(superblock_offsets_within(end - 1).size() == mirror);
        CHECK(superblock_offsets_within(end).size() == mirror + 1);
    }
    CHECK(kept(~u64{0}) == 3);
    CHECK(superblock_offsets_within(0).empty());
}

} // namespace superblock_writer_test
