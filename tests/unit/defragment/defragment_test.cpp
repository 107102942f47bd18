// SPDX-License-Identifier: MIT
// Scattered files laid out anew: everything is what it was, and extents are as few as sharing allows.
#include "tests/support/effort.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/defragment/plain_view.h"
#include "tests/unit/defragment/scattered_bench.h"

#include <doctest/doctest.h>

namespace defragment_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::vector<FilesystemKind> some_kinds() {
    return {{.slack_bytes = 60 * mib},
            {.metadata_profile = "single", .features = {"^skinny-metadata", "^no-holes"}, .slack_bytes = 60 * mib},
            {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 60 * mib},
            {.data_profile = "raid5", .metadata_profile = "raid1", .device_count = 3, .slack_bytes = 60 * mib},
            {.features = {"block-group-tree"}, .slack_bytes = 60 * mib, .nodesize_bytes = 16 * kib},
            {.features = {"squota"}, .slack_bytes = 60 * mib}};
}

/// What must not change.
struct Whole {
    explicit Whole(const TransactionBench& bench)
        : portrait(must_portray(views_of(bench.devices()), "filesystem")), view(bench.open()) {}

    Portrait portrait;
    PlainView view;
};

void check_same(const Whole& before, const Whole& now) {
    CHECK(how_it_differs(now.portrait, before.portrait) == "");
    CHECK(now.portrait.findings.all().empty());
    CHECK(now.view.sharing() == before.view.sharing());
}

} // namespace

TEST_CASE(
    "defragment: everything is as it was, of as few extents as sharing allows, and a second run has nothing to do") {
    for (unsigned seed = 1; seed <= rounds(8, 400); ++seed) {
        const auto kinds = some_kinds();
        CAPTURE(seed);
        const TransactionBench bench = scattered_bench(kinds[seed % kinds.size()], seed, 3 + seed % 4, 2 + seed % 9);
        const Whole before(bench);
        const auto report = must(defragmented(bench, {}, 1 + seed % 2));
        CHECK_FALSE(report.needs_more);
        const Whole after(bench);
        check_same(before, after);
        CHECK(after.view.extent_count() == before.view.least_extent_count());
        CHECK(must(defragmented(bench)).commit_count == 0);
    }
}

TEST_CASE("defragment: the same bytes at any number of threads") {
    const TransactionBench one = scattered_bench({.slack_bytes = 60 * mib}, 3, 5, 6);
    const TransactionBench many = scattered_bench({.slack_bytes = 60 * mib}, 3, 5, 6);
    must(defragmented(one, {}, 1));
    must(defragmented(many, {}, 4));
    CHECK(how_it_differs(Whole(one).portrait, Whole(many).portrait) == "");
}

} // namespace defragment_test
