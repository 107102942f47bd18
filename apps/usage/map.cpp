// SPDX-License-Identifier: MIT
#include "apps/common/finding_text.h"
#include "apps/usage/check_damages.h"
#include "apps/usage/map_report.h"
#include "apps/usage/page/page_file.h"
#include "apps/usage/usage.h"
#include "apps/usage/verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct MapFlags {
    UsageFlags usage;
    std::string svg;  ///< path; empty: none is wanted
    std::string html; ///< likewise
    std::string heat = "fill";
    std::string damage;

    bool has_page() const { return !svg.empty() || !html.empty(); }
};

void declare_map(CommandLine& line, MapFlags& flags) {
    auto& app = line.app();
    line.add_images(flags.usage.images);
    app.add_option("--svg", flags.svg, "write a picture: one file that needs no other")->option_text("FILE");
    app.add_option("--html", flags.html, "write a page with the picture and the numbers, likewise")
        ->option_text("FILE");
    app.add_option("--heat", flags.heat, "what makes a colour strong: fill, age or pieces (default fill)")
        ->option_text("WHAT");
    app.add_option("--damage", flags.damage, "mark what FILE, of btrkit-check --format json, says is damaged")
        ->option_text("FILE");
    add_size_forms(line, flags.usage.sizes);
    add_usage_flags(line, flags.usage);
}

Result<void> write_pages(const MapFlags& flags, const Filesystem& filesystem, const usage::MapReport& report) {
    const PageStyle style{
        .heat = *parse_heat(flags.heat), .label = label_text(filesystem.super()), .has_damages = !flags.damage.empty()};
    if (!flags.svg.empty()) {
        BTRKIT_TRY(write_page(flags.svg, map_svg(report, style), flags.usage.images));
    }
    if (!flags.html.empty()) {
        BTRKIT_TRY(write_page(flags.html, map_html(report, style), flags.usage.images));
    }
    return {};
}

std::string answer_map(const MapFlags& flags, const Filesystem& filesystem, const usage::MapReport& report) {
    if (flags.usage.format == OutputFormat::json) {
        return map_json(flags.usage, filesystem, report);
    }
    return flags.has_page() ? std::string() : map_text(report, flags.usage.sizes);
}

} // namespace

int run_usage_map(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = usage_tool,
                      .operands = "IMAGE...",
                      .summary = "Draw what lies where on the devices of a btrfs.",
                      .verb = "map"});
    MapFlags flags;
    declare_map(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (!parse_heat(flags.heat)) {
        return line.wrong_usage(io, fmt::format("--heat: '{}' is not one of fill, age, pieces", flags.heat));
    }
    for (const auto& path : {flags.svg, flags.html}) {
        if (const auto checked = path.empty() ? Result<void>() : check_page_place(path, flags.usage.images); !checked) {
            return line.wrong_usage(io, checked.error().message);
        }
    }
    usage::MapOptions options;
    if (!flags.has_page() && flags.usage.format == OutputFormat::text) {
        options.row_cells = 64; // fits beside the offsets into 80 columns
        options.most_cells = 1024;
    }
    return answer_usage(
        line, io, flags.usage,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            if (!flags.damage.empty()) {
                BTRKIT_TRY_ASSIGN(options.damages, read_damages(flags.damage));
            }
            BTRKIT_TRY_ASSIGN(const auto report, usage::draw_map(filesystem, options, context));
            if (!report.space.is_complete) {
                tell_image_error(flags.usage, "not all trees can be read: what they tell is not drawn", messages);
            }
            if (report.unplaced_damage_count > 0) {
                messages.note(fmt::format("{} of the damage file can't be placed on a device",
                                          plural(report.unplaced_damage_count, "finding")));
            }
            BTRKIT_TRY(write_pages(flags, filesystem, report));
            return answer_map(flags, filesystem, report);
        });
}

} // namespace btrkit::apps
