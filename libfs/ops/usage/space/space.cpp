// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/space.h"

#include "libfs/survey/read_roots.h"

namespace btrkit::usage {

using namespace survey;

namespace {

/// What would still have to be there: each profile's data in whole chunks of 1/10 slack at most, one empty chunk of
/// each kind, and the first MiB of each device.
u64 estimate_shrink(const SpaceReport& report) {
    constexpr u64 chunk_bytes = u64{256} << 20;
    constexpr u64 device_reserve_bytes = u64{1} << 20;
    u64 needed = report.devices.size() * device_reserve_bytes;
    for (const auto& profile : report.profiles) {
        u64 raw_bytes = 0;
        for (const auto& [devid, bytes] : profile.bytes_of_device) {
            raw_bytes += bytes;
        }
        const double ratio =
            static_cast<double>(raw_bytes) / static_cast<double>(std::max<u64>(profile.total_bytes, 1));
        const u64 wanted =
            std::min(profile.total_bytes, profile.used_bytes + std::min(chunk_bytes, profile.total_bytes / 10));
        needed += static_cast<u64>(ratio * static_cast<double>(wanted));
    }
    needed += report.overall.global_reserve_bytes;
    return report.overall.size_bytes > needed ? report.overall.size_bytes - needed : 0;
}

} // namespace

Result<MeasuredSpace> measure_space_in_parts(const Filesystem& filesystem, const RunContext& context) {
    Findings findings;
    Survey survey{.filesystem = filesystem, .run = context, .findings = findings, .references = ReferenceSums(0)};
    survey.roots = read_roots(filesystem, context.stop, context.problems);
    auto facts = scan_space(survey);
    if (context.stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped");
    }
    auto report = sum_up_chunks(filesystem, facts);
    report.overall = sum_up_all(filesystem, survey.roots, report);
    report.shrink_estimate_bytes = estimate_shrink(report);
    report.is_complete = facts.is_whole && survey.roots.complete;
    return MeasuredSpace{.facts = std::move(facts), .report = std::move(report)};
}

Result<SpaceReport> measure_space(const Filesystem& filesystem, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto measured, measure_space_in_parts(filesystem, context));
    return std::move(measured.report);
}

} // namespace btrkit::usage
