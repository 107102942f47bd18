// SPDX-License-Identifier: MIT
#include "apps/usage/du_report.h"
#include "apps/usage/usage.h"
#include "apps/usage/verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

void tell_losses(const UsageFlags& flags, const usage::FilesReport& report, Messages& messages) {
    for (const auto& error : report.path_errors) {
        tell_image_error(flags, error.message, messages);
    }
    if (report.lost_block_count > 0) {
        tell_image_error(flags,
                         fmt::format("{} can't be read: what is in them is not counted (btrkit-check tells more)",
                                     plural(report.lost_block_count, "tree block")),
                         messages);
    } else if (!report.is_complete && report.path_errors.empty()) {
        tell_image_error(flags, "the root tree can't be read as a whole: there may be more subvolumes", messages);
    }
}

} // namespace

int run_usage_du(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = usage_tool,
                      .operands = "IMAGE [PATH...]",
                      .summary = "Tell who has the data: each subvolume, or what is below each PATH.",
                      .verb = "du"});
    UsageFlags flags;
    usage::FilesOptions options;
    DuStyle style;
    bool summarize = false;
    std::optional<u64> most_worst;
    line.add_one_image(flags.images);
    auto& app = line.app();
    app.add_option("PATH", options.paths);
    app.add_flag("-s,--summarize", summarize, "one line for each PATH, and none for what is below it");
    app.add_flag("--brief", style.lines_only, "only the lines, as `btrfs filesystem du` prints them");
    line.add_number("--worst", most_worst, "so many files in each list of the worst (default 10)")->option_text("N");
    add_size_forms(line, flags.sizes);
    add_usage_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    constexpr u64 most_files = 100'000;
    if (most_worst.value_or(0) > most_files) {
        return line.wrong_usage(io, fmt::format("--worst: at most {}", most_files));
    }
    options.most_worst = most_worst.value_or(options.most_worst);
    options.lines = !summarize;
    style.sizes = flags.sizes;
    return answer_usage(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, usage::measure_files(filesystem, options, context));
            tell_losses(flags, report, messages);
            return flags.format == OutputFormat::json ? du_json(flags, filesystem, report) : du_text(report, style);
        });
}

} // namespace btrkit::apps
