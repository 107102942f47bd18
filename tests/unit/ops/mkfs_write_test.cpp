// SPDX-License-Identifier: MIT
// What stands on the devices while a filesystem is written over an older one, whenever it ends: nothing that mounts, or
// all of the new one.
#include "formats/btrfs/superblock.h"
#include "libfs/base/checksum.h"
#include "libfs/io/memory_device.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/ops/source/adjust.h"
#include "tests/support/crash_states.h"
#include "tests/support/effort.h"
#include "tests/support/faulty_device.h"

#include <cstring>
#include <set>

#include <doctest/doctest.h>

namespace mkfs_write_test {

using namespace btrkit;
using namespace btrkit::mkfs;
using namespace btrkit::test;

namespace {

/// Two mirrors of the superblock fit.
constexpr u64 device_bytes = 80 * mib;

class PatternContent final : public Content {
public:
    /// For tests of shared blocks; the descriptor is never used.
    Result<void> with_file(u32, const std::function<Result<void>(int fd)>& use) const override { return use(-1); }
    Result<void> read(u32, u64 offset, MutableBytes out) const override {
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::byte>((offset + i) * 31 >> 3);
        }
        return {};
    }
};

/// A few files, with data of their own extents and without.
SourceTree small_source() {
    auto tree = empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<PatternContent>();
    for (const u64 size : {u64{100}, u64{70000}, u64{1} << 20}) {
        SourceInode file = {.mode = 0100644, .size = size, .data = {{0, size}}};
        tree.inodes.front().entries.push_back({"file" + std::to_string(size), static_cast<u32>(tree.inodes.size())});
        tree.inodes.push_back(std::move(file));
    }
    settle(tree);
    return tree;
}

/// Devices that all of a test's runs are about.
struct Case {
    std::string data_profile = "single";
    std::string metadata_profile = "dup";
    std::size_t device_count = 1;
};

Plan plan_for(const Case& what, const std::string& seed, const SourceTree& source) {
    auto made = mkfs::plan(source,
                           {.requests = {.data_profile = what.data_profile,
                                         .metadata_profile = what.metadata_profile,
                                         .fsid = uuid_from_seed(seed),
                                         .now = {.sec = 2000}},
                            .sizing = Sizing::least,
                            .device_sizes = std::vector<u64>(what.device_count, device_bytes)},
                           {});
    REQUIRE_MESSAGE(made, made.error().message);
    return std::move(*made);
}

std::string name_of(std::size_t device) {
    return "device" + std::to_string(device + 1);
}

DeviceContents blank_devices(const Case& what) {
    DeviceContents contents;
    for (std::size_t i = 0; i < what.device_count; ++i) {
        contents[name_of(i)] = SparseBytes(device_bytes);
    }
    return contents;
}

/// Wraps each device once it stands on the given bytes.
using Wrap = std::function<std::unique_ptr<WritableDevice>(std::unique_ptr<WritableDevice>)>;

struct Outcome {
    Result<Report> report;
    DeviceContents contents;
};

Outcome write_onto(DeviceContents contents, const Plan& plan, const Wrap& wrap) {
    std::vector<std::unique_ptr<WritableDevice>> devices;
    std::vector<MemoryDevice*> memories;
    std::vector<WritableDevice*> pointers;
    for (auto& [name, bytes] : contents) {
        auto memory = std::make_unique<MemoryDevice>(name, std::move(bytes));
        memories.push_back(memory.get());
        devices.push_back(wrap(std::move(memory)));
        pointers.push_back(devices.back().get());
    }
    Outcome outcome = {.report = mkfs::write(plan, pointers, {}, {}), .contents = {}};
    for (auto* memory : memories) {
        outcome.contents[memory->name()] = std::as_const(*memory).bytes();
    }
    return outcome;
}

std::unique_ptr<WritableDevice> as_it_is(std::unique_ptr<WritableDevice> device) {
    return device;
}

bool has_super(const SparseBytes& bytes, u64 offset) {
    btrfs::Superblock super;
    if (bytes.size() < offset + sizeof(super)) {
        return false;
    }
    std::memcpy(&super, bytes.part(offset).data(), sizeof(super));
    return super.magic == btrfs::superblock_magic &&
           super.csum ==
               checksum(btrfs::CsumType{u16{super.csum_type}}, as_bytes_of(super).subspan(btrfs::max_csum_size));
}

bool has_any_super(const DeviceContents& contents) {
    return std::ranges::any_of(contents, [](const auto& device) {
        return std::ranges::any_of(btrfs::superblock_offsets,
                                   [&](u64 offset) { return has_super(device.second, offset); });
    });
}

/// All bytes but those of superblocks, which come last and may be there or not.
bool same_but_for_supers(const DeviceContents& left, const DeviceContents& right) {
    return std::ranges::equal(left, right, [](const auto& a, const auto& b) {
        u64 from = 0;
        for (const u64 super : btrfs::superblock_offsets) {
            const u64 end = std::min<u64>(super, a.second.size());
            if (!a.second.is_same(b.second, from, end)) {
                return false;
            }
            from = std::min<u64>(super + btrfs::superblock_size, a.second.size());
        }
        return a.second.size() == b.second.size() && a.second.is_same(b.second, from, a.second.size());
    });
}

/// Whether each superblock that is there is the one of the finished filesystem.
bool supers_are_new(const DeviceContents& state, const DeviceContents& finished) {
    return std::ranges::all_of(state, [&](const auto& device) {
        return std::ranges::all_of(btrfs::superblock_offsets, [&](u64 offset) {
            return !has_super(device.second, offset) ||
                   device.second.is_same(finished.at(device.first), offset, offset + btrfs::superblock_size);
        });
    });
}

/// A run over an older filesystem, taken down.
struct Recorded {
    explicit Recorded(const Case& what)
        : source(small_source()), older(write_onto(blank_devices(what), plan_for(what, "older", source), as_it_is)),
          record(std::make_shared<DeviceRecord>()), plan(plan_for(what, "newer", source)),
          finished(write_onto(older.contents, plan, [this](auto device) {
              return std::make_unique<RecordingDevice>(std::move(device), record);
          })) {
        REQUIRE(older.report);
        REQUIRE(finished.report);
        REQUIRE(has_any_super(older.contents));
        REQUIRE(record->changes.size() > 10);
    }

    /// The number of changes before the first that erases and behind the last that does: until then the older
    /// filesystem may still be there, whole or without some superblocks.
    std::size_t erased_at() const {
        std::set<std::string> flushed;
        for (std::size_t i = 0; i < record->changes.size(); ++i) {
            if (record->changes[i].kind == DeviceChange::Kind::flush) {
                flushed.insert(record->changes[i].device);
            }
            if (flushed.size() == older.contents.size()) {
                return i + 1;
            }
        }
        return record->changes.size();
    }

    SourceTree source;
    Outcome older;
    std::shared_ptr<DeviceRecord> record;
    Plan plan;
    Outcome finished;
};

/// The state is none at all, or the new one whole. Before the old superblocks are gone for good only what stood on the
/// devices before may have been touched: nothing else than superblocks.
void check_state(const Recorded& run, const DeviceContents& state, std::size_t cut) {
    if (!has_any_super(state)) {
        return;
    }
    if (cut < run.erased_at()) {
        CHECK(same_but_for_supers(state, run.older.contents));
    } else {
        CHECK(supers_are_new(state, run.finished.contents));
        CHECK(same_but_for_supers(state, run.finished.contents));
    }
}

const std::vector<Case> cases = {{}, {"raid1", "raid1", 2}, {"raid0", "raid10", 2}};

/// For tests that write the filesystem again and again.
std::vector<Case> cases_for_faults() {
    return is_long_run() ? cases : std::vector<Case>{cases[0], cases[2]};
}

} // namespace

TEST_CASE("writing over an older filesystem: wherever it ends the devices hold no filesystem, or the whole new one") {
    for (const auto& what : cases) {
        CAPTURE(what.data_profile);
        const Recorded run(what);
        const auto& changes = run.record->changes;
        // Each point near the begin and the end, where superblocks go and come, and some between.
        const auto is_thorough = [&](std::size_t cut) {
            return cut < 12 || cut + 12 > changes.size() || cut % (is_long_run() ? 16 : 64) == 0;
        };
        const auto count =
            for_each_crash_state(run.older.contents, changes, {.subsets = 1, .torn = 1, .is_thorough = is_thorough},
                                 [&](const CrashState& state) {
                                     CAPTURE(state.cut);
                                     CAPTURE(state.what);
                                     check_state(run, state.contents, state.cut);
                                     if (state.cut == changes.size()) {
                                         CHECK(state.contents == run.finished.contents);
                                     }
                                 });
        CHECK(count > changes.size());
        CHECK(has_any_super(run.finished.contents));
    }
}

TEST_CASE("writing: no superblock is written before all devices were flushed behind their last other write") {
    for (const auto& what : cases) {
        CAPTURE(what.data_profile);
        const Recorded run(what);
        std::set<std::string> dirty;
        bool has_begun = false;
        for (const auto& change : run.record->changes) {
            const bool is_super =
                change.kind == DeviceChange::Kind::write &&
                std::ranges::any_of(btrfs::superblock_offsets, [&](u64 offset) {
                    return change.place.offset == offset && change.place.length == btrfs::superblock_size &&
                           std::ranges::any_of(change.bytes, [](std::byte byte) { return byte != std::byte{0}; });
                });
            if (change.kind == DeviceChange::Kind::flush) {
                dirty.erase(change.device);
            } else if (is_super) {
                CHECK((has_begun || dirty.empty()));
                has_begun = true;
            } else {
                CHECK_FALSE(has_begun);
                dirty.insert(change.device);
            }
        }
        CHECK(has_begun);
    }
}

TEST_CASE("writing: a write that fails is an error, and leaves no superblock that is not backed by all else") {
    for (const auto& what : cases_for_faults()) {
        CAPTURE(what.data_profile);
        const Recorded run(what);
        const auto write_count = static_cast<u64>(std::ranges::count_if(
            run.record->changes, [](const DeviceChange& change) { return change.kind != DeviceChange::Kind::flush; }));
        const u64 near = is_long_run() ? 12 : 2; // of the begin and the end
        std::size_t failed = 0;
        for (u64 bad = 0; bad < write_count;
             bad += bad < near || bad + near > write_count ? 1 : 1 + write_count / near) {
            CAPTURE(bad);
            const auto faults = std::make_shared<DeviceFaults>();
            faults->first_bad_write = bad;
            const auto outcome = write_onto(run.older.contents, run.plan, [&](auto device) {
                return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
            });
            REQUIRE_FALSE(outcome.report);
            CHECK(outcome.report.error().kind == ErrorKind::io);
            CHECK(outcome.report.error().message.find("as told") != std::string::npos);
            // What failed before the first flush may leave the older one.
            if (has_any_super(outcome.contents) && !same_but_for_supers(outcome.contents, run.older.contents)) {
                CHECK(supers_are_new(outcome.contents, run.finished.contents));
                CHECK(same_but_for_supers(outcome.contents, run.finished.contents));
            }
            ++failed;
        }
        CHECK(failed >= 2 * near);
    }
}

TEST_CASE("writing: a flush that fails is an error, and no superblock follows it unless all else was flushed") {
    for (const auto& what : cases_for_faults()) {
        CAPTURE(what.data_profile);
        const Recorded run(what);
        const auto flush_count =
            static_cast<u64>(std::ranges::count(run.record->changes, DeviceChange::Kind::flush, &DeviceChange::kind));
        // Erasing, content, primaries, mirrors.
        CHECK(flush_count == 4 * what.device_count);
        for (u64 bad = 0; bad < flush_count; bad += is_long_run() ? 1 : what.device_count) {
            CAPTURE(bad);
            const auto faults = std::make_shared<DeviceFaults>();
            faults->bad_flush = bad;
            const auto outcome = write_onto(run.older.contents, run.plan, [&](auto device) {
                return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
            });
            REQUIRE_FALSE(outcome.report);
            CHECK(outcome.report.error().kind == ErrorKind::io);
            CHECK(has_any_super(outcome.contents) == (bad >= 2 * what.device_count));
        }
    }
}

TEST_CASE("mkfs: blocks that the host does not share are copied for nodatacow files, and else the file is named") {
    auto source = small_source();
    const auto plan = plan_for({}, "shared", source);
    const auto write = [&](bool share_blocks) {
        MemoryDevice device("device1", SparseBytes(device_bytes)); // shares nothing
        std::vector<WritableDevice*> devices = {&device};
        const auto report = mkfs::write(plan, devices, {.share_blocks = share_blocks}, {});
        return report ? device.bytes() : Result<SparseBytes>(std::unexpected(report.error()));
    };
    const auto refused = write(true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unsupported);
    CHECK(refused.error().message.starts_with("device1: can't share blocks"));
    CHECK(refused.error().message.find("with file1048576 of the source (without --reflink it is copied)") !=
          std::string::npos);

    for (const auto* path : {"file100", "file70000", "file1048576"}) {
        REQUIRE(set_inode_flags(source, path, btrfs::inode_nodatacow));
    }
    const auto shared = write(true);
    REQUIRE(shared);
    CHECK(*shared == *write(false));
}

} // namespace mkfs_write_test
