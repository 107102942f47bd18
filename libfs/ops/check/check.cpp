// SPDX-License-Identifier: MIT
#include "libfs/ops/check/check.h"

#include "libfs/ops/check/devices/interrupted_commit.h"
#include "libfs/ops/check/phases.h"
#include "libfs/survey/naming/naming.h"

namespace btrkit::check {

using namespace survey;

namespace {

struct Phase {
    std::string_view name;
    void (*run)(Context&);
    bool is_for_qgroups = false; ///< needed where nothing but quota groups is asked for
};

void verify_data(Context& context) {
    if (context.options.check_data_csum) {
        context.verified_bytes = check_data(context);
    }
}

/// In this order: each stands on what those before it have learnt. Every tree is scanned by one of them.
constexpr std::array phases = std::to_array<Phase>({
    {"devices and chunks", check_devices, true},
    {"root tree", check_root_tree, true},
    {"extent tree", scan_extent_tree},
    {"block groups", check_block_groups},
    {"checksum tree", check_csum_tree},
    {"free space", check_free_space},
    {"raid stripes", check_raid_stripes},
    {"file trees", check_file_trees},
    {"subvolumes", check_subvolumes},
    {"quota groups", [](Context& context) { context.qgroups = check_quota(context); }, true},
    {"other trees", check_other_trees},
    {"references", check_references},
    {"log", check_log},
    {"data", verify_data},
    {"whose it is", [](Context& context) { name_affected(context); }},
});

} // namespace

Report run(const Filesystem& filesystem, Findings opening, const Options& options, const RunContext& context) {
    Report report{.findings = std::move(opening)};
    Context known{{.filesystem = filesystem,
                   .run = context,
                   .findings = report.findings,
                   .references = ReferenceSums(options.hash_seed)},
                  options};
    for (const auto& phase : phases) {
        if (context.stop.stop_requested()) {
            break;
        }
        if (options.qgroups_only && !phase.is_for_qgroups) {
            continue;
        }
        context.progress.begin_phase(phase.name, 0, ProgressUnit::bytes);
        phase.run(known);
    }
    report.stopped = context.stop.stop_requested();
    report.block_count = known.block_count;
    report.tree_bytes = known.block_count * known.geometry().nodesize;
    for (const Range range : known.space.data.ranges()) {
        report.data_bytes += range.length();
    }
    report.file_count = known.file_count;
    report.verified_bytes = known.verified_bytes;
    if (!report.stopped) {
        excuse_interrupted_commit(filesystem, report.findings);
    }
    auto answers = judge_mountability(report.findings, filesystem, options.kernel);
    report.mountability = std::move(answers.asked);
    report.other_kernels = std::move(answers.others);
    // What no kernel mounts, or only to rescue it, is not sound, even where every tree of it is.
    const bool is_refused = report.mountability.state == Mountable::refused || report.mountability.needs_rescue;
    if (is_refused && !report.mountability.is_for_missing_devices && !report.mountability.is_kernels_fault &&
        report.findings.count(Severity::error) + report.findings.count(Severity::fatal) == 0) {
        report.findings.report(ProblemCode::mount_refused, {}, report.mountability.reason);
    }
    report.qgroups = std::move(known.qgroups);
    for (const auto& record : known.roots.records) {
        report.subvolume_count += record.is_subvolume() ? 1 : 0;
    }
    return report;
}

} // namespace btrkit::check
