// SPDX-License-Identifier: MIT
#include "apps/check/check.h"

#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/open_images.h"
#include "libfs/ops/check/check.h"

#include <random>

#include <fmt/format.h>

namespace btrkit::apps {

int run_check(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-check", .operands = "IMAGE...", .summary = "Check a btrfs filesystem."});
    std::vector<std::string> images;
    Parallelism parallelism;
    OutputFormat format = OutputFormat::text;
    check::Options options;
    line.app().add_flag("--check-data-csum", options.check_data_csum, "read all copies of all data too");
    line.take_images(images);
    line.take_format(format);
    line.take_threads(parallelism.threads);
    line.take_progress();
    if (const auto status = line.parse(arguments, io)) {
        return *status == exit_usage ? 16 : *status;
    }
    Messages messages(line.tool_name(), io.err, line.verbosity());
    auto devices = open_images(images, messages);
    if (devices.empty()) {
        return 8;
    }
    options.hash_seed = std::random_device()();
    check::Findings opening;
    const auto filesystem =
        Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); });
    if (!filesystem) {
        for (const auto& finding : opening.all()) {
            messages.problem(finding.problem);
        }
        messages.error(filesystem.error());
        return 8;
    }
    ProgressDisplay progress(line.tool_name(), io.err, line.progress_style(io));
    const auto report = check::run(*filesystem, options, parallelism, std::move(opening), progress, {});
    progress.finish();
    std::string text;
    for (const auto& finding : report.findings.all()) {
        text += fmt::format("{}: {}\n", finding.problem.severity() == Severity::note ? "note" : "error",
                            describe(finding.problem));
    }
    const u64 errors = report.findings.count(Severity::error) + report.findings.count(Severity::fatal);
    text += errors == 0 ? "clean\n" : "damaged\n";
    static_cast<void>(io.out.write(text));
    return errors == 0 ? 0 : 4;
}

} // namespace btrkit::apps
