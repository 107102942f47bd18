// SPDX-License-Identifier: MIT
// Writes states that a cut of the power leaves of a change (tests/unit/ops/many_tree_change.h) as images, for kernels:
// those of kind BTRKIT_KIND, so many that BTRKIT_STATES says, into the folder BTRKIT_STATES_FOLDER. Which files are
// which is told in tests/support/transaction_states.h. Fails where our own check says that one is neither old nor new.
#include "libfs/ops/commit/commit.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/many_tree_change.h"

#include <cstdlib>

#include <doctest/doctest.h>

namespace write_crash_states {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name, " is not set");
    return value;
}

} // namespace

TEST_CASE("Crash states as images") {
    const auto kinds = changed_kinds();
    const std::size_t number = std::stoul(setting("BTRKIT_KIND"));
    REQUIRE(number < kinds.size());
    const auto& kind = kinds[number];
    const TransactionBench bench = prepared_bench(kind);
    TransactionStates states(bench.devices());
    must(states.record([](Devices devices, const std::vector<WritableDevice*>& writable) -> Result<void> {
        const auto filesystem = open_quietly(std::move(devices));
        BTRKIT_TRY_ASSIGN(auto transaction, change_many_trees(filesystem));
        const auto report = commit::run(transaction, by_devid(filesystem, writable), {}, {});
        return report ? Result<void>{} : std::unexpected(report.error());
    }));
    const std::size_t count = std::stoul(setting("BTRKIT_STATES"));
    const auto report = states.judge({.subsets = 10,
                                      .torn = 10,
                                      .all_torn = 5,
                                      .most_judged = count,
                                      .export_folder = setting("BTRKIT_STATES_FOLDER"),
                                      .most_exported = count});
    for (const auto& wrong : report.wrong) {
        FAIL_CHECK(wrong);
    }
    CHECK(report.exported == std::min(count, report.distinct));
    MESSAGE(kind.text(), ": ", report.exported, " states, ", report.torn, " with a torn superblock");
}

} // namespace write_crash_states
