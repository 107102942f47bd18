// SPDX-License-Identifier: MIT
// A filesystem with a subvolume that is half deleted: what is left of it goes first.
#include "libfs/ops/defragment/defragment.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/ops/half_deleted.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace defragment_deleted_first_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

Result<defragment::Report> defragmented_with(const TransactionBench& bench, const commit::Options& options = {}) {
    const auto filesystem = bench.open();
    return defragment::run(filesystem, bench.writable(filesystem), {.commit = options}, {});
}

} // namespace

TEST_CASE("defragment: what waits to be cleaned up goes first") {
    const auto bench = prepared_bench(changed_kinds().front());
    const auto places = drop_places(bench.open(), 256);
    half_delete(bench, "/old", places[places.size() / 2]);
    const auto before = must_portray(views_of(bench.devices()), "before");
    const auto refused = defragmented_with(bench, {.undo_path = "never-made"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.contains("btrkit-subvolume sync"));
    const auto shown = must(defragmented_with(bench, {.is_dry_run = true}));
    CHECK(shown.cleaned_up == std::vector<u64>{256});
    CHECK(how_it_differs(must_portray(views_of(bench.devices()), "after a dry run"), before).empty());
    const auto report = must(defragmented_with(bench));
    CHECK(report.cleaned_up == std::vector<u64>{256});
    CHECK(report.commit.is_committed);
    CHECK(report.before.extent_count == shown.before.extent_count);
    CHECK(must_portray(views_of(bench.devices()), "defragmented").findings.all().empty());
    const auto again = must(defragmented_with(bench));
    CHECK(again.cleaned_up.empty());
    CHECK(again.commit_count == 0);
}

} // namespace defragment_deleted_first_test
