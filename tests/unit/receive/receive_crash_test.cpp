// SPDX-License-Identifier: MIT
// A receive interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the one with all that was received, and undo brings the old one back.
#include "libfs/io/undo_reader.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/effort.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/failing_requests.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/receive/receive_bench.h"

namespace receive_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::vector<ChangedKind> tested_kinds() {
    auto kinds = changed_kinds();
    kinds.resize(is_long_run() ? std::size_t{14} : std::size_t{7});
    return kinds;
}

/// A snapshot, and another one on top of it.
class Work {
public:
    Work() {
        HistoryImage image;
        History history(image, 11);
        history.create(12);
        history.begin_generation(10);
        history.change(12);
        const HistoryInodes before = history.inodes();
        history.begin_generation(12);
        history.change(12);
        image.plant({before, history.inodes()}, {});
        const auto source = open_filesystem(image.image().all_devices());
        send::Options how{.subvolumes = {"257"}, .version = 2, .compressed_data = true};
        streams_.push_back(must(send_stream(source.filesystem, nullptr, how)));
        how.subvolumes = {"258"};
        how.parent = "257";
        streams_.push_back(must(send_stream(source.filesystem, nullptr, how)));
    }

    Result<void> run(Devices devices, std::span<WritableDevice* const> writable, const std::string& undo_path) const {
        const auto filesystem = open_quietly(std::move(devices));
        return run_on(filesystem, by_devid(filesystem, writable), undo_path);
    }
    Result<void> run_on(const Filesystem& filesystem, const WritableDevices& devices,
                        const std::string& undo_path) const {
        const auto report = receive_into(filesystem, devices, streams_, {.commit = {.undo_path = undo_path}});
        return report ? Result<void>{} : std::unexpected(report.error());
    }

private:
    std::vector<std::string> streams_;
};

} // namespace

TEST_CASE("receive: whenever the power goes, the filesystem is the old one or the new one") {
    const Work work;
    std::size_t judged = 0;
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const TransactionBench bench = prepared_bench(kind);
        TransactionStates states(bench.devices());
        must(states.record([&](Devices devices, const std::vector<WritableDevice*>& writable) {
            return work.run(std::move(devices), writable, "");
        }));
        CHECK(states.new_findings() == std::vector<std::string>{});
        const unsigned effort = rounds(1, 20);
        const auto report = states.judge({.subsets = effort,
                                          .torn = effort,
                                          .all_torn = effort,
                                          .most_judged = is_long_run() ? std::size_t{20'000} : 30});
        for (const auto& wrong : report.wrong) {
            FAIL_CHECK(wrong);
        }
        CHECK(report.were_old > 0);
        CHECK(report.were_new > 0);
        judged += report.judged;
    }
    MESSAGE(judged, " states judged");
}

TEST_CASE("receive: undo brings the old filesystem back, byte for byte in all that it refers to") {
    const Work work;
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const TemporaryFolder folder;
        const TransactionBench bench = prepared_bench(kind);
        const auto before = must_portray(views_of(bench.devices()), "before the change");
        const auto in_use = places_in_use(bench.open());
        const DeviceLayer layer(bench.devices());
        must(work.run(views_of(layer.readable()), layer.list(), folder / "undo"));
        CHECK(must_portray(views_of(layer.readable()), "after the change").findings.all().empty());
        must(undo::run(must(UndoReader::open(folder / "undo")), layer.list(), {}));
        CHECK(changed_places(bench.devices(), layer, in_use) == 0);
        CHECK(how_it_differs(must_portray(views_of(layer.readable()), "that is undone"), before).empty());
    }
}

TEST_CASE("receive: whichever request fails, the old filesystem stands, or the new one") {
    const Work work;
    const auto kinds = tested_kinds();
    for (const auto& kind : {kinds[0], kinds[2]}) {
        CAPTURE(kind.text());
        const TransactionBench bench = prepared_bench(kind);
        const unsigned failed =
            fail_each_request(bench, is_long_run() ? 10'000 : 8, [&](const auto& filesystem, const auto& devices) {
                return work.run_on(filesystem, devices, "");
            });
        CHECK(failed > 8);
    }
}

} // namespace receive_crash_test
