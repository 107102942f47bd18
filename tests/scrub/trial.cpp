// SPDX-License-Identifier: MIT
#include "tests/scrub/trial.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace btrkit::test {

using survey::Finding;
using survey::Findings;
using survey::Mend;

namespace {

constexpr u64 guiding_trees[] = {btrfs::root_tree_id, btrfs::extent_tree_id,      btrfs::chunk_tree_id,
                                 btrfs::csum_tree_id, btrfs::block_group_tree_id, btrfs::raid_stripe_tree_id};

bool can_be_read(const Filesystem& filesystem, const SampleVolume& volume, const UsedItem& item) {
    const auto& spot = item.copies.front();
    const auto pristine = volume.disk(spot.devid).pristine_at(spot.offset, item.length);
    std::vector<std::byte> bytes(item.length);
    for (unsigned mirror = 1; mirror <= filesystem.volume().mirror_count({item.logical}); ++mirror) {
        if (filesystem.volume().read({item.logical}, bytes, mirror) && bytes == pristine) {
            return true;
        }
    }
    return false;
}

bool is_guided(const Filesystem& filesystem, const SampleVolume& volume) {
    return std::ranges::all_of(volume.items(), [&](const UsedItem& item) {
        const bool is_needed =
            item.use == Use::block && std::ranges::find(guiding_trees, item.tree) != std::end(guiding_trees);
        return !is_needed || can_be_read(filesystem, volume, item);
    });
}

const char* name_of(Mend::State state) {
    switch (state) {
    case Mend::State::mended: return "mended";
    case Mend::State::mendable: return "mendable";
    case Mend::State::unmendable: return "unmendable";
    case Mend::State::undecidable: return "undecidable";
    case Mend::State::failed: return "failed";
    }
    return "?";
}

const char* name_of(FaultKind kind) {
    constexpr const char* names[] = {
        "super", "data", "data-unreadable", "data-copies-differ", "block", "block-unreadable", "data-parity"};
    return names[static_cast<std::size_t>(kind)];
}

bool is_kind(ProblemCode code, FaultKind kind) {
    switch (kind) {
    case FaultKind::super:
        return code == ProblemCode::super_mirror_invalid || code == ProblemCode::super_mirror_differs ||
               code == ProblemCode::super_mirror_stale || code == ProblemCode::device_unreadable;
    case FaultKind::data: return code == ProblemCode::data_checksum;
    case FaultKind::data_unreadable: return code == ProblemCode::data_unreadable;
    case FaultKind::data_differs: return code == ProblemCode::data_copies_differ;
    case FaultKind::block_unreadable: return code == ProblemCode::block_unreadable;
    case FaultKind::block:
        return code > ProblemCode::block_unreadable && code <= ProblemCode::leaf_item_overlap &&
               code != ProblemCode::block_copies_differ;
    case FaultKind::parity: return code == ProblemCode::data_parity;
    }
    return false;
}

class Comparison {
public:
    Comparison(const SampleVolume& volume, const Expectation& expected, const ScrubOrder& order,
               const scrub::Report& report, Complaints& complaints)
        : volume_(volume), expected_(expected), order_(order), report_(report), complaints_(complaints) {}

    void compare() {
        for (const Finding& finding : report_.findings.all()) {
            finding.mend ? compare_finding(finding) : compare_other(finding);
        }
        for (const auto& [place, fault] : expected_.faults) {
            if (!seen_.contains(place) &&
                !(expected_.is_vague && (fault.is_vague || fault.kind == FaultKind::parity))) {
                complain("not found: {} of {} at {} (logical {}), {}", name_of(fault.kind), place.device, place.offset,
                         place.logical, name_of(fault.state));
            }
        }
        if (!expected_.is_vague) {
            compare_counts();
        }
    }

private:
    template <class... Args>
    void complain(fmt::format_string<Args...> text, Args&&... args) {
        complaints_.push_back(fmt::format(text, std::forward<Args>(args)...));
    }

    Mend::State wanted(Mend::State state) const {
        return state == Mend::State::mendable && order_.repair ? Mend::State::mended : state;
    }

    void compare_finding(const Finding& finding) {
        const auto& place = finding.problem.place;
        const bool is_parity = finding.problem.code == ProblemCode::data_parity;
        const bool has_address = place.logical && !is_parity;
        const u64 length = place.length.value_or(1);
        for (u64 done = 0; done < length; done += volume_.sectorsize()) {
            const FaultPlace at{place.device, place.physical.value_or(0) + done,
                                has_address ? place.logical->bytenr + done : 0};
            compare_place(finding, at);
        }
    }

    void compare_place(const Finding& finding, const FaultPlace& place) {
        const auto found = expected_.faults.find(place);
        if (found == expected_.faults.end()) {
            if (!is_tolerated(finding)) {
                complain("whole, but found at {}: {}", place.offset, describe(finding.problem));
            }
            return;
        }
        seen_.insert(place);
        const ExpectedFault& fault = found->second;
        if (!is_kind(finding.problem.code, fault.kind)) {
            complain("{} expected: {}", name_of(fault.kind), describe(finding.problem));
        }
        if (fault.is_vague) {
            return;
        }
        if (finding.mend->state != wanted(fault.state)) {
            complain("{} expected, but {}: {}", name_of(wanted(fault.state)), name_of(finding.mend->state),
                     describe(finding.problem));
        } else if (!order_.repair && !fault.sources.empty() && !fault.sources.contains(finding.mend->from)) {
            complain("not mendable from '{}': {}", finding.mend->from, describe(finding.problem));
        }
    }

    /// Copies of data without checksums are compared on all devices.
    bool is_tolerated(const Finding& finding) const {
        const auto code = finding.problem.code;
        return (order_.devid && (code == ProblemCode::data_copies_differ || code == ProblemCode::data_unreadable)) ||
               (expected_.is_vague && code == ProblemCode::data_parity);
    }

    void compare_other(const Finding& finding) {
        const auto code = finding.problem.code;
        const bool is_super = code >= ProblemCode::super_missing && code <= ProblemCode::super_mirror_used;
        if (code != ProblemCode::device_missing && !is_super) {
            complain("not expected: {}", describe(finding.problem));
        }
    }

    void compare_counts() {
        static constexpr std::string_view not_compared[] = {"data_extents_scrubbed", "tree_extents_scrubbed",
                                                            "last_physical"};
        for (const auto& device : report_.devices) {
            const auto known = expected_.counts.find(device.devid);
            const auto counts = known == expected_.counts.end() ? survey::ScrubCounts{} : known->second;
            for (const auto& field : survey::scrub_count_fields) {
                u64 want = counts.*field.member;
                if (order_.repair && field.name == "corrected_errors") {
                    want = counts.correctable_errors;
                } else if (order_.repair && field.name == "correctable_errors") {
                    want = 0;
                }
                const bool is_compared =
                    std::ranges::find(not_compared, field.name) == std::end(not_compared) &&
                    !(order_.devid && (field.name == "unverified_errors" || field.name == "read_errors"));
                if (is_compared && device.counts.*field.member != want) {
                    complain("device {}: {} is {}, expected {}", device.devid, field.name, device.counts.*field.member,
                             want);
                }
            }
        }
    }

    const SampleVolume& volume_;
    const Expectation& expected_;
    const ScrubOrder& order_;
    const scrub::Report& report_;
    Complaints& complaints_;
    std::set<FaultPlace> seen_;
};

scrub::Report run_part(const Filesystem& filesystem, const WritableDevices& writable, const ScrubOrder& order,
                       const Findings& opening, std::optional<scrub::State> resume, u64 units) {
    StopFlag stop;
    const auto throttle = [&](u64) {
        if (--units == 0) {
            stop.request();
        }
    };
    auto report =
        scrub::run(filesystem, writable, {}, opening, {.devid = order.devid, .resume = std::move(resume)},
                   {.parallelism = {.threads = order.threads}, .stop = StopToken(stop)}, {.throttle = throttle});
    if (!report) {
        throw std::runtime_error(report.error().message);
    }
    return std::move(*report);
}

scrub::Report run_scrub(const Filesystem& filesystem, const WritableDevices& writable, const ScrubOrder& order,
                        const Findings& opening) {
    auto first = run_part(filesystem, writable, order, opening, {}, order.stop_after.value_or(~u64{0}));
    if (!first.state) {
        return first;
    }
    auto rest = run_part(filesystem, writable, order, opening, first.state, ~u64{0});
    for (const Finding& finding : first.findings.all()) {
        rest.findings.add(finding.problem, finding.mend);
    }
    return rest;
}

} // namespace

ScrubOutcome scrub_volume(const SampleVolume& volume, const ScrubOrder& order) {
    const auto record = std::make_shared<DeviceRecord>();
    std::vector<std::unique_ptr<BlockDevice>> devices;
    WritableDevices writable;
    for (u64 devid = 1; devid <= volume.kind().device_count; ++devid) {
        if (order.missing.contains(devid)) {
            continue;
        }
        auto device = std::make_unique<RecordingDevice>(std::make_unique<DiskDevice>(volume.disk(devid)), record);
        if (order.repair) {
            writable[devid] = device.get();
        }
        devices.push_back(std::move(device));
    }
    ScrubOutcome outcome;
    Findings opening;
    const auto filesystem =
        Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); });
    if (!filesystem) {
        return outcome;
    }
    outcome.is_open = true;
    outcome.is_guided = is_guided(*filesystem, volume);
    outcome.report = run_scrub(*filesystem, writable, order, opening);
    outcome.changes = std::move(record->changes);
    return outcome;
}

std::string describe(const ExpectedFault& fault) {
    return fmt::format("{}, {}{}", name_of(fault.kind), name_of(fault.state), fault.is_vague ? " perhaps" : "");
}

void compare(const SampleVolume& volume, const Expectation& expected, const ScrubOrder& order,
             const scrub::Report& report, Complaints& complaints) {
    Comparison(volume, expected, order, report, complaints).compare();
}

std::string text_of(const scrub::Report& report) {
    std::string text;
    for (const Finding& finding : report.findings.all()) {
        text += describe(finding.problem);
        text += finding.mend ? fmt::format(" {} {}\n", name_of(finding.mend->state), finding.mend->from) : "\n";
    }
    for (const auto& device : report.devices) {
        text += fmt::format("{}:", device.devid);
        for (const auto& field : survey::scrub_count_fields) {
            text += fmt::format(" {}", device.counts.*field.member);
        }
        text += '\n';
    }
    return text;
}

} // namespace btrkit::test
