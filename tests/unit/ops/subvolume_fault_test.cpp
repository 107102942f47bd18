// SPDX-License-Identifier: MIT
// Every read, write and flush of a change, and of its undoing, fails once: the old filesystem stands, or, from the
// first superblock on, the old or the new one; and whoever asked is told where it was.
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/device_layer.h"
#include "tests/support/effort.h"
#include "tests/support/faulty_device.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace subvolume_fault_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// In the normal run a filesystem with one copy of its trees, one with two on as many devices, and one with parity that
/// has to lay a chunk.
std::vector<ChangedKind> tested_kinds() {
    auto kinds = changed_kinds();
    if (!is_long_run()) {
        kinds = {kinds[6], kinds[1], kinds[39]};
    }
    return kinds;
}

/// A kind of requests: its count, and what says which of them fails.
struct Requests {
    const char* what;
    u64 DeviceFaults::* bad;
    std::atomic<u64> DeviceFaults::* count;
};

constexpr std::array all_requests = std::to_array<Requests>({
    {"read", &DeviceFaults::bad_read, &DeviceFaults::read_count},
    {"write", &DeviceFaults::first_bad_write, &DeviceFaults::write_count},
    {"flush", &DeviceFaults::bad_flush, &DeviceFaults::flush_count},
});

/// Numbers below count: all, or so many of them, the last among them.
std::vector<u64> chosen_of(u64 count, u64 most) {
    most = std::min(count, most);
    std::vector<u64> chosen;
    for (u64 i = 1; i <= most; ++i) {
        chosen.push_back(i * count / most - 1);
    }
    return chosen;
}

class FaultyLayer {
public:
    explicit FaultyLayer(const std::vector<const BlockDevice*>& below)
        : layer_(below, [this](auto device) {
              return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults_);
          }) {}

    Devices views() const { return views_of(layer_.readable()); }

    /// Makes the change; the faults begin when the filesystem has been opened.
    Result<void> change(const std::string& undo_path, u64 DeviceFaults::* bad = nullptr, u64 number = 0) {
        const auto filesystem = open_quietly(views());
        begin(bad, number);
        auto transaction = change_many_trees(filesystem);
        const auto report =
            transaction ? commit::run(*transaction, by_devid(filesystem, layer_.list()), {.undo_path = undo_path}, {})
                        : std::unexpected(transaction.error());
        end();
        return report ? Result<void>{} : std::unexpected(report.error());
    }
    Result<void> undo(const UndoReader& file, u64 DeviceFaults::* bad = nullptr, u64 number = 0) {
        begin(bad, number);
        const auto report = undo::run(file, layer_.list(), {});
        end();
        return report ? Result<void>{} : std::unexpected(report.error());
    }
    /// Of the last one.
    u64 count(std::atomic<u64> DeviceFaults::* requests) const { return *faults_.*requests; }
    const DeviceLayer& layer() const { return layer_; }
    bool has_written(u64 offset) const {
        return std::ranges::any_of(layer_.changes(), [&](const DeviceChange& change) {
            return change.place.offset <= offset && offset < change.place.offset + change.place.length;
        });
    }

private:
    void begin(u64 DeviceFaults::* bad, u64 number) {
        faults_->read_count = faults_->write_count = faults_->flush_count = 0;
        if (bad != nullptr) {
            (*faults_).*bad = number;
        }
    }
    void end() {
        for (const auto& requests : all_requests) {
            (*faults_).*requests.bad = DeviceFaults::never;
        }
    }

    std::shared_ptr<DeviceFaults> faults_ = std::make_shared<DeviceFaults>();
    DeviceLayer layer_;
};

bool are_same(const DeviceChange& one, const DeviceChange& other) {
    return one.kind == other.kind && one.device == other.device && one.place == other.place && one.bytes == other.bytes;
}

/// A filesystem that was prepared, and what it is before and after the change.
struct Bench {
    explicit Bench(const ChangedKind& kind) : bench(prepared_bench(kind)) {
        in_use = places_in_use(bench.open());
        before = must_portray(views_of(bench.devices()), "before the change");
    }

    std::vector<const BlockDevice*> devices() const { return bench.devices(); }
    /// Byte by byte, in all that it refers to.
    bool is_old(const FaultyLayer& layer) const { return changed_places(devices(), layer.layer(), in_use) == 0; }

    TransactionBench bench;
    PlacesInUse in_use;
    Portrait before;
};

void check_told(const Error& error, const Requests& requests) {
    CAPTURE(error.message);
    CHECK((error.kind == ErrorKind::io || error.kind == ErrorKind::damaged));
    CHECK(error.message.find("device") != std::string::npos);
    if (requests.bad != &DeviceFaults::bad_flush) {
        CHECK(error.message.find(" at offset ") != std::string::npos);
    }
}

} // namespace

TEST_CASE("Whichever request of a change fails, the old filesystem stands, or the new one, and undo goes back") {
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const Bench bench(kind);
        FaultyLayer whole(bench.devices());
        must(whole.change(""));
        const auto after = must_portray(whole.views(), "after the change");
        CHECK(after.findings.all().empty());
        u64 survived = 0;
        u64 failed = 0;
        for (const auto& requests : all_requests) {
            for (const u64 number : chosen_of(whole.count(requests.count), is_long_run() ? 100'000 : 8)) {
                CAPTURE(requests.what);
                CAPTURE(number);
                const TemporaryFolder folder;
                FaultyLayer layer(bench.devices());
                const auto done = layer.change(folder / "undo", requests.bad, number);
                ++(done ? survived : failed);
                if (done) {
                    // Another copy was there: what was written is the same.
                    CHECK(requests.bad == &DeviceFaults::bad_read);
                    CHECK(std::ranges::equal(layer.layer().changes(), whole.layer().changes(), are_same));
                    continue;
                }
                check_told(done.error(), requests);
                if (!bench.is_old(layer)) {
                    CHECK(layer.has_written(btrfs::superblock_offsets.front()));
                    const auto state = must_portray(layer.views(), "after the fault");
                    CHECK(what_is_wrong(state, bench.before, after) == "");
                    // So there is something to undo.
                    REQUIRE(std::filesystem::exists(folder / "undo"));
                    must(layer.undo(must(UndoReader::open(folder / "undo"))));
                    CHECK(bench.is_old(layer));
                }
            }
        }
        MESSAGE(kind.text(), ": ", failed, " faults ended the change, ", survived, " it survived");
    }
}

TEST_CASE("Whichever request of undo fails, running it again brings the old filesystem back") {
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const TemporaryFolder folder;
        const Bench bench(kind);
        FaultyLayer changed(bench.devices());
        must(changed.change(folder / "undo"));
        const auto after = must_portray(changed.views(), "after the change");
        const auto file = must(UndoReader::open(folder / "undo"));
        FaultyLayer whole(changed.layer().readable());
        must(whole.undo(file));
        u64 failed = 0;
        for (const auto& requests : all_requests) {
            for (const u64 number : chosen_of(whole.count(requests.count), is_long_run() ? 100'000 : 4)) {
                CAPTURE(requests.what);
                CAPTURE(number);
                FaultyLayer layer(changed.layer().readable());
                const auto done = layer.undo(file, requests.bad, number);
                REQUIRE_FALSE(done);
                ++failed;
                check_told(done.error(), requests);
                // Half of it has been done.
                const auto state = must_portray(layer.views(), "after the fault");
                CHECK(what_is_wrong(state, bench.before, after) == "");
                must(layer.undo(file));
                const auto back = must_portray(layer.views(), "that is undone");
                CHECK(back.generation == bench.before.generation);
                CHECK(how_it_differs(back, bench.before) == "");
            }
        }
        MESSAGE(kind.text(), ": ", failed, " faults ended undo");
    }
}

} // namespace subvolume_fault_test
