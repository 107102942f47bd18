// SPDX-License-Identifier: MIT
// Filesystems with subvolumes that wait to be cleaned up, half deleted or whole: that comes first, and all is reckoned
// without them.
#include "libfs/ops/commit/without_deleted.h"
#include "libfs/ops/resize/resize.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/ops/half_deleted.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace deleted_first_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

TransactionBench prepare(bool is_half_gone) {
    auto bench = prepared_bench(changed_kinds().front());
    const auto places = drop_places(bench.open(), 256);
    REQUIRE(places.size() > 4);
    half_delete(bench, "/old", is_half_gone ? std::optional(places[places.size() / 2]) : std::nullopt);
    return bench;
}

void clean_up(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    must(commit::without_deleted(filesystem, bench.writable(filesystem), {}, {}, {}));
}

Result<resize::Report> resized(const TransactionBench& bench, const resize::Change& change,
                               const commit::Options& options = {}) {
    const auto filesystem = bench.open();
    return resize::run(filesystem, bench.writable(filesystem), change, {.commit = options}, {});
}

} // namespace

TEST_CASE("resize: what waits to be cleaned up goes first") {
    for (const bool is_half_gone : {true, false}) {
        CAPTURE(is_half_gone);
        const auto wanted = prepare(is_half_gone);
        clean_up(wanted);
        for (const auto& change : {resize::Change(resize::Compact{}), resize::Change(resize::Shrink{})}) {
            const auto bench = prepare(is_half_gone);
            const u64 least = must(resize::min_size(bench.open(), {})).devices.front().new_bytes;
            CHECK(least == must(resize::min_size(wanted.open(), {})).devices.front().new_bytes);
            const auto report = must(resized(bench, change));
            CHECK(report.cleaned_up == std::vector<u64>{256});
            CHECK(report.commit_count > 1);
            CHECK(must_portray(views_of(bench.devices()), "resized").findings.all().empty());
            CHECK(bench.open().super().bytes_used <= wanted.open().super().bytes_used);
            const bool is_shrunk = std::holds_alternative<resize::Shrink>(change);
            CHECK((bench.open().super().total_bytes == least) == is_shrunk);
        }
    }
}

TEST_CASE("resize: a dry run tells what comes of it, and deletes nothing") {
    const auto bench = prepare(true);
    const auto before = must_portray(views_of(bench.devices()), "before");
    const auto report = must(resized(bench, resize::Shrink{}, {.is_dry_run = true}));
    CHECK(report.cleaned_up == std::vector<u64>{256});
    CHECK(report.commit_count == 0);
    CHECK(report.block_count > 0);
    CHECK(report.devices.front().new_bytes == must(resize::min_size(bench.open(), {})).devices.front().new_bytes);
    CHECK(how_it_differs(must_portray(views_of(bench.devices()), "after"), before).empty());
}

TEST_CASE("resize: what can't be is told before anything is deleted") {
    const auto bench = prepare(true);
    const auto before = must_portray(views_of(bench.devices()), "before");
    const auto too_small = resized(bench, resize::Shrink{.size_bytes = mib});
    REQUIRE_FALSE(too_small);
    CHECK_FALSE(too_small.error().message.contains("commits stand"));
    const auto undo = resized(bench, resize::Compact{}, {.undo_path = "never-made"});
    REQUIRE_FALSE(undo);
    CHECK(undo.error().message.contains("btrkit-subvolume sync"));
    CHECK(how_it_differs(must_portray(views_of(bench.devices()), "after"), before).empty());
}

TEST_CASE("resize: to grow, nothing is cleaned up") {
    const auto bench = prepare(true);
    const u64 size = bench.open().super().dev_item.total_bytes;
    const auto report = must(resized(bench, resize::Grow{.size_bytes = size}));
    CHECK(report.cleaned_up.empty());
}

} // namespace deleted_first_test
