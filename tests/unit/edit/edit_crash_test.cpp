// SPDX-License-Identifier: MIT
// An edit of files interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the new one, and undo brings the old one back.
#include "libfs/io/undo_reader.h"
#include "libfs/ops/edit_files/change.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/device_layer.h"
#include "tests/support/effort.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/failing_requests.h"
#include "tests/unit/ops/many_tree_change.h"

#include <fstream>

#include <doctest/doctest.h>

namespace edit_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// One of each redundancy, also in the long run: what differs is told by subvolume_crash_test.cpp.
std::vector<ChangedKind> tested_kinds() {
    auto kinds = changed_kinds();
    kinds.resize(is_long_run() ? std::size_t{14} : std::size_t{7});
    return kinds;
}

/// A folder of the host that is put, and what is done beside it: data that is new, shared, cut and gone.
class Work {
public:
    Work() {
        std::filesystem::create_directory(folder_ / "tree");
        write("tree/large", 300'000);
        write("tree/small", 500);
        using namespace edit_files;
        add(Put{.host = folder_ / "tree", .path = "/put", .compression = {btrfs::Compression::zstd, 3}});
        add(Put{.host = folder_ / "tree/large", .path = "/" + file_name(1)});
        add(Copy{.from = "/put/large", .to = "/copy"});
        add(Truncate{.path = "/copy", .size = 70'001});
        add(Remove{.path = "/" + file_name(2)});
        add(Move{.from = "/" + file_name(3), .to = "/" + file_name(4)});
        add(SetXattr{.path = "/put", .xattr = {"user.x", "y"}});
    }

    Result<void> run(Devices devices, std::span<WritableDevice* const> writable, const std::string& undo_path) const {
        const auto filesystem = open_quietly(std::move(devices));
        return run_on(filesystem, by_devid(filesystem, writable), undo_path);
    }
    Result<void> run_on(const Filesystem& filesystem, const WritableDevices& devices,
                        const std::string& undo_path) const {
        const auto report = edit_files::run(filesystem, devices, commands_,
                                            {.commit = {.undo_path = undo_path}, .now = {.sec = 7000}}, {});
        return report ? Result<void>{} : std::unexpected(report.error());
    }

private:
    void add(edit_files::Change change) { commands_.push_back({.change = std::move(change)}); }
    void write(const std::string& name, std::size_t bytes) const {
        std::ofstream file(folder_ / name, std::ios::binary);
        for (std::size_t i = 0; i < bytes; ++i) {
            file.put(static_cast<char>(i / 7 + i * i / 1000));
        }
    }

    TemporaryFolder folder_;
    std::vector<edit_files::Command> commands_;
};

} // namespace

TEST_CASE("edit: whenever the power goes, the filesystem is the old one or the new one") {
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

TEST_CASE("edit: undo brings the old filesystem back, byte for byte in all that it refers to") {
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

TEST_CASE("edit: whichever request fails, the old filesystem stands, or the new one") {
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

} // namespace edit_crash_test
