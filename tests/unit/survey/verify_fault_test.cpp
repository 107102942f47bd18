// SPDX-License-Identifier: MIT
// Faults beside each other: what is told as one.
#include "libfs/survey/verify/fault.h"

#include <doctest/doctest.h>

namespace verify_fault_test {

using namespace btrkit;
using namespace btrkit::survey;

namespace {

constexpr u64 sector = 4096;

Fault fault_at(u64 number, Fault::Kind kind = Fault::Kind::data_checksum) {
    const u64 start = number * sector;
    return {.kind = kind,
            .range = {start, start + sector},
            .mirror = 2,
            .tree = {},
            .place = {1, (u64{1} << 20) + start},
            .mend = Mend::State::mendable,
            .source_mirror = 1};
}

std::size_t count_of(const Fault& first, const Fault& second) {
    std::vector<Fault> faults;
    add_fault(faults, first);
    add_fault(faults, second);
    return faults.size();
}

} // namespace

TEST_CASE("neighbours with one fate are one fault") {
    std::vector<Fault> faults;
    for (const u64 number : {1U, 2U, 3U, 5U}) {
        auto fault = fault_at(number);
        fault.doubtful.push_back(fault.range);
        add_fault(faults, fault);
    }
    REQUIRE(faults.size() == 2);
    CHECK(faults[0].range == Range{sector, 4 * sector});
    CHECK(faults[0].doubtful.size() == 3);
    CHECK(faults[0].place.offset == (u64{1} << 20) + sector);
    CHECK(faults[1].range == Range{5 * sector, 6 * sector});
}

TEST_CASE("what differs in anything is told by itself") {
    const auto changed = [](auto change) {
        auto fault = fault_at(2);
        change(fault);
        return fault;
    };
    CHECK(count_of(fault_at(1), fault_at(2)) == 1);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.kind = Fault::Kind::data_unreadable; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.mirror = 1; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.mend = Mend::State::unmendable; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.source_mirror = 3; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.place.devid = 2; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.place.offset += sector; })) == 2);
    CHECK(count_of(fault_at(1), changed([](Fault& it) { it.error = "no"; })) == 2);
}

TEST_CASE("tree blocks are told one by one") {
    for (const auto kind : {Fault::Kind::block, Fault::Kind::block_unreadable, Fault::Kind::block_differs}) {
        CHECK(count_of(fault_at(1, kind), fault_at(2, kind)) == 2);
    }
}

TEST_CASE("every fate has its count") {
    CHECK(count_of_fate(Mend::State::mended) == &ScrubCounts::corrected_errors);
    CHECK(count_of_fate(Mend::State::mendable) == &ScrubCounts::correctable_errors);
    CHECK(count_of_fate(Mend::State::unmendable) == &ScrubCounts::uncorrectable_errors);
    CHECK(count_of_fate(Mend::State::undecidable) == &ScrubCounts::unverified_errors);
    CHECK(count_of_fate(Mend::State::failed) == &ScrubCounts::correctable_errors);
}

} // namespace verify_fault_test
