// SPDX-License-Identifier: MIT
#include "apps/usage/df_report.h"
#include "apps/usage/usage.h"
#include "apps/usage/verbs.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

int run_usage_df(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = usage_tool,
                      .operands = "IMAGE...",
                      .summary = "Tell how full a btrfs is, as `btrfs filesystem usage` does, and more.",
                      .verb = "df"});
    UsageFlags flags;
    DfStyle style;
    line.add_images(flags.images);
    line.app().add_flag("-T", style.is_table, "devices and profiles as a table");
    line.app().add_flag("--brief", style.peer_only, "only what `btrfs filesystem usage` tells");
    add_size_forms(line, flags.sizes);
    add_usage_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    style.sizes = flags.sizes;
    return answer_usage(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, usage::measure_space(filesystem, context));
            if (!report.is_complete) {
                tell_image_error(flags,
                                 "not all trees can be read: what they tell is not counted (btrkit-check tells more)",
                                 messages);
            }
            return flags.format == OutputFormat::json ? df_json(flags, filesystem, report) : df_text(report, style);
        });
}

} // namespace btrkit::apps
