// SPDX-License-Identifier: MIT
// A receive interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the one with all that was received, and undo brings the old one back.
#include "tests/unit/ops/interrupted_change.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/receive/receive_bench.h"

namespace receive_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

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

    Result<void> operator()(const Filesystem& filesystem, const WritableDevices& devices,
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
    cut_power_of(std::cref(work));
}

TEST_CASE("receive: undo brings the old filesystem back, byte for byte in all that it refers to") {
    const Work work;
    undo_again(std::cref(work));
}

TEST_CASE("receive: whichever request fails, the old filesystem stands, or the new one") {
    const Work work;
    fail_requests_of(std::cref(work));
}

} // namespace receive_crash_test
