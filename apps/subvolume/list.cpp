// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"
#include "apps/subvolume/answer.h"
#include "apps/subvolume/list_text.h"
#include "apps/subvolume/report_json.h"
#include "apps/subvolume/subvolume.h"
#include "apps/subvolume/verbs.h"

#include <algorithm>
#include <array>
#include <ranges>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using subvolume::GenerationFilter;
using subvolume::SortBy;
using subvolume::SortKey;

struct ListFlags {
    ImageFlags image;
    subvolume::ListOptions list;
    ListStyle style;
    bool children = false; ///< -o
    bool marked = false;   ///< -a, which counts for more
};

/// "+5", "-5" or "5"
GenerationFilter parse_filter(const std::string& option, std::string_view text) {
    GenerationFilter filter;
    if (text.starts_with('+') || text.starts_with('-')) {
        filter.comparison = text.front() == '+' ? subvolume::Comparison::at_least : subvolume::Comparison::at_most;
        text.remove_prefix(1);
    }
    const auto generation = parse_number(text);
    if (!generation) {
        throw CLI::ValidationError(option, fmt::format("'{}' is no number", text));
    }
    filter.generation = *generation;
    return filter;
}

/// "gen", "+gen" or "-gen"
SortBy parse_sort(std::string_view text) {
    constexpr std::array keys = std::to_array<std::pair<std::string_view, SortKey>>({
        {"gen", SortKey::generation},
        {"ogen", SortKey::generation_made},
        {"rootid", SortKey::id},
        {"path", SortKey::path},
    });
    const bool has_sign = text.starts_with('+') || text.starts_with('-');
    const auto name = text.substr(has_sign ? 1 : 0);
    const auto key = std::ranges::find(keys, name, [](const auto& entry) { return entry.first; });
    if (key == keys.end()) {
        throw CLI::ValidationError("--sort", fmt::format("'{}' is not one of gen, ogen, rootid, path", name));
    }
    return {.key = key->second, .descending = text.starts_with('-')};
}

void add_column(CLI::App& app, const std::string& option, ListStyle& style, ListColumn column,
                const std::string& what) {
    app.add_flag_callback(option, [&style, column] { style.columns.insert(column); }, what);
}

void add_filter(CLI::App& app, const std::string& option, std::vector<GenerationFilter>& filters, ListStyle& style,
                ListColumn column, const std::string& what) {
    const auto store = [&, option, column](const std::vector<std::string>& values) {
        style.columns.insert(column);
        for (const auto& value : values) {
            filters.push_back(parse_filter(option, value));
        }
    };
    app.add_option_function<std::vector<std::string>>(option, store, what)
        ->option_text("[+|-]N")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void declare_columns(CLI::App& app, ListFlags& flags) {
    auto& style = flags.style;
    add_column(app, "-p", style, ListColumn::parent, "print the id of the parent");
    add_column(app, "-c", style, ListColumn::generation_made, "print the generation in which it was made");
    add_column(app, "-g", style, ListColumn::generation, "print the generation (it always is)");
    add_column(app, "-u", style, ListColumn::uuid, "print the uuid");
    add_column(app, "-q", style, ListColumn::parent_uuid, "print the uuid of what it is a snapshot of");
    add_column(app, "-R", style, ListColumn::received_uuid, "print the uuid as which it was received");
    app.add_flag("-t", style.is_table, "print a table");
}

void declare_filters(CLI::App& app, ListFlags& flags) {
    auto& list = flags.list;
    auto& style = flags.style;
    const auto only_snapshots = [&list, &style] {
        list.snapshots_only = true;
        style.columns.insert({ListColumn::generation_made, ListColumn::time_made});
    };
    app.add_flag("-o", flags.children, "only what hangs in SUBVOLUME itself; paths from the top");
    app.add_flag("-a", flags.marked, "paths from the top; <FS_TREE>/ before what hangs elsewhere");
    app.add_flag_callback("-s", only_snapshots, "only snapshots; print when they were made");
    app.add_flag("-r", list.read_only_only, "only what is read-only");
    app.add_flag("-d", list.deleted, "only what is deleted and waits to be cleaned up");
    add_filter(app, "-G", list.generations, style, ListColumn::generation, "only of generation N, at least, at most N");
    add_filter(app, "-C", list.generations_made, style, ListColumn::generation_made, "the same of when it was made");
}

void declare_sort(CLI::App& app, std::vector<SortBy>& sort) {
    const auto store = [&sort](const std::vector<std::string>& values) {
        for (const auto& value : values) {
            for (const auto part : value | std::views::split(',')) {
                if (!part.empty()) {
                    sort.push_back(parse_sort(std::string_view(part)));
                }
            }
        }
    };
    app.add_option_function<std::vector<std::string>>("--sort", store, "by gen, ogen, rootid, path; -KEY: descending")
        ->option_text("KEYS")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

std::string answer_list(const ListFlags& flags, const Filesystem& filesystem, const subvolume::ListReport& report,
                        Messages& messages) {
    if (!report.is_complete) {
        tell_incomplete(flags.image, messages);
    }
    for (const auto& listed : report.subvolumes) {
        tell_lost_path(flags.image, listed.subvolume, messages);
    }
    return flags.image.format == OutputFormat::json ? list_json(flags.image, filesystem, report)
                                                    : list_text(report, flags.style);
}

} // namespace

int run_subvolume_list(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = subvolume_tool,
                      .operands = "IMAGE [SUBVOLUME]",
                      .summary = "List the subvolumes of a btrfs, with paths from SUBVOLUME (the top) on.",
                      .verb = "list",
                      .has_short_quiet = false});
    ListFlags flags;
    declare_columns(line.app(), flags);
    declare_filters(line.app(), flags);
    declare_sort(line.app(), flags.list.sort);
    add_image_flags(line, flags.image);
    line.app().add_option("SUBVOLUME", flags.list.from);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    flags.list.scope = flags.marked     ? subvolume::ListScope::marked
                       : flags.children ? subvolume::ListScope::children
                                        : subvolume::ListScope::all;
    return answer_from_image(
        line, io, flags.image,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, subvolume::list(filesystem, flags.list, context));
            return answer_list(flags, filesystem, report, messages);
        });
}

} // namespace btrkit::apps
