// SPDX-License-Identifier: MIT
// Files laid out anew, interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the
// old filesystem stands or the new one, and undo brings the old one back.
#include "tests/unit/defragment/scattered_bench.h"
#include "tests/unit/ops/interrupted_change.h"

#include <doctest/doctest.h>

namespace defragment_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

TransactionBench prepare(const ChangedKind& kind) {
    TransactionBench bench = prepared_bench(kind);
    Scatterer scatterer(bench, 1);
    scatterer.begin(3);
    scatterer.go(3);
    return bench;
}

Result<void> lay_out_anew(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    BTRKIT_TRY_ASSIGN(const auto report,
                      defragment::run(filesystem, devices, {.commit = {.undo_path = undo_path}}, {}));
    CHECK(report.commit_count == 1);
    return {};
}

} // namespace

TEST_CASE("defragment: whenever the power goes, the filesystem is the old one or the new one") {
    cut_power_of(lay_out_anew, prepare);
}

TEST_CASE("defragment: whatever request fails, the filesystem is the old one or the new one") {
    fail_requests_of(lay_out_anew, prepare);
}

TEST_CASE("defragment: undone, the filesystem is what it was") {
    undo_again(lay_out_anew, prepare);
}

} // namespace defragment_crash_test
