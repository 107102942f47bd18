// SPDX-License-Identifier: MIT
// The trees that tell of space, begun and given up: interrupted by the power, by devices that fail; and amid other
// changes of one commit.
#include "libfs/ops/tune/change.h"
#include "tests/unit/ops/interrupted_change.h"

namespace tune_features_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// To a state that the filesystem does not have: from both trees to none, from one to both, from none to both.
tune::SetFeatures other_state(const Filesystem& filesystem) {
    const bool is_wanted = !filesystem.geometry().has_block_group_tree();
    return {.incompat_flags = btrfs::incompat_no_holes,
            .has_free_space_tree = is_wanted,
            .has_block_group_tree = is_wanted};
}

Result<void> convert(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    const tune::Command command = {.change = other_state(filesystem)};
    const auto report =
        tune::run(filesystem, devices, std::span(&command, 1), {.commit = {.undo_path = undo_path}}, {});
    return report ? Result<void>{} : std::unexpected(report.error());
}

} // namespace

TEST_CASE("tune: whenever the power goes, the filesystem has the old trees of space or the new ones") {
    cut_power_of(convert);
}

TEST_CASE("tune: undo brings the old trees of space back, byte for byte in all that the filesystem refers to") {
    undo_again(convert);
}

TEST_CASE("tune: whichever request fails, the filesystem has the old trees of space or the new ones") {
    fail_requests_of(convert);
}

TEST_CASE("tune: trees of space come and go amid other changes of a commit that is always settling") {
    auto kinds = changed_kinds();
    if (!is_long_run()) { // each redundancy, then full and mixed ones
        kinds.erase(kinds.begin() + 7, kinds.end() - 4);
    }
    for (const auto& kind : kinds) {
        CAPTURE(kind.text());
        const TransactionBench bench = prepared_bench(kind);
        const auto filesystem = bench.open();
        const auto is_on = [](bool free_space, bool groups) {
            return tune::SetFeatures{.incompat_flags = btrfs::incompat_no_holes,
                                     .has_free_space_tree = free_space,
                                     .has_block_group_tree = groups};
        };
        const std::vector<tune::Command> commands = {
            {.change = is_on(true, true)},   {.change = tune::SetQuotas{tune::SetQuotas::Mode::simple}},
            {.change = is_on(false, false)}, {.change = tune::SetLabel{"changed"}},
            {.change = is_on(true, false)},  {.change = tune::SetQuotas{tune::SetQuotas::Mode::off}},
            {.change = is_on(true, true)},   {.change = is_on(true, false)}};
        for (const std::size_t waiting_bytes : {std::size_t{1}, std::size_t{64} << 20}) {
            must(tune::run(bench.open(), bench.writable(filesystem), commands,
                           {.transaction = {.waiting_bytes = waiting_bytes}}, {}));
            const auto geometry = bench.open().geometry();
            CHECK(geometry.has_valid_free_space_tree());
            CHECK_FALSE(geometry.has_block_group_tree());
        }
    }
}

TEST_CASE("tune: a free space tree that kernels don't believe is made anew, or taken away") {
    const TransactionBench bench({.features = {"^block-group-tree"}, .slack_bytes = 70 * mib}, 100);
    for (const bool is_wanted : {true, false}) {
        {
            const auto filesystem = bench.open();
            auto transaction = must(Transaction::begin(filesystem, {}));
            transaction.workspace().geometry.compat_ro_flags &= ~btrfs::compat_ro_free_space_tree_valid;
            must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
        }
        const auto filesystem = bench.open();
        REQUIRE_FALSE(filesystem.geometry().has_valid_free_space_tree());
        const tune::Command command = {.change = tune::SetFeatures{.has_free_space_tree = is_wanted}};
        const auto report = must(tune::run(filesystem, bench.writable(filesystem), std::span(&command, 1), {}, {}));
        CHECK(report.unchanged.empty());
        const auto now = bench.open();
        CHECK(now.geometry().has_valid_free_space_tree() == is_wanted);
        CHECK(now.find_tree(btrfs::free_space_tree_id).has_value() == is_wanted);
        CHECK(must_portray(views_of(bench.devices()), "tuned").findings.all().empty());
    }
}

} // namespace tune_features_test
