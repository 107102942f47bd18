// SPDX-License-Identifier: MIT
#include "apps/subvolume/answer.h"
#include "apps/subvolume/report_json.h"
#include "apps/subvolume/show_text.h"
#include "apps/subvolume/subvolume.h"
#include "apps/subvolume/verbs.h"
#include "libfs/base/names.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct ShowFlags {
    ImageFlags image;
    subvolume::ShowOptions show;
    std::optional<u64> id;
};

std::string answer_show(const ShowFlags& flags, const Filesystem& filesystem, const subvolume::ShowReport& report,
                        Messages& messages) {
    const auto& subvolume = report.subvolume;
    if (!report.is_complete) {
        tell_incomplete(flags.image, messages);
    }
    tell_lost_path(flags.image, subvolume, messages);
    if (!subvolume.is_read_only() && !subvolume.root.item.received_uuid.is_null()) {
        messages.warning(fmt::format("{}: subvolume {} was received, but can be written to: what is received on top of "
                                     "it may be wrong",
                                     printable(flags.image.images.front()), subvolume.id()));
    }
    if (report.quota && report.quota->is_inconsistent) {
        messages.note(fmt::format("{}: the counts of the quota groups are inconsistent (`btrfs quota rescan` counts "
                                  "anew)",
                                  printable(flags.image.images.front())));
    }
    return flags.image.format == OutputFormat::json ? show_json(flags.image, filesystem, report) : show_text(report);
}

/// What contradicts itself; empty: all is well.
std::string what_is_wrong(const ShowFlags& flags, bool has_operand) {
    if (flags.id && flags.show.uuid) {
        return "-r and -u exclude each other";
    }
    return has_operand && (flags.id || flags.show.uuid) ? "-r and -u stand instead of SUBVOLUME" : "";
}

} // namespace

int run_subvolume_show(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = subvolume_tool,
                      .operands = "IMAGE [SUBVOLUME]",
                      .summary = "All about one subvolume of a btrfs, by path or id; without one, of the top.",
                      .verb = "show"});
    ShowFlags flags;
    const auto store_uuid = [&flags](const std::string& text) {
        flags.show.uuid = parse_uuid(text);
        if (!flags.show.uuid) {
            throw CLI::ValidationError("--uuid", fmt::format("'{}' is no uuid", text));
        }
    };
    line.add_number("-r,--rootid", flags.id, "the one with this id")->option_text("ID");
    line.app().add_option_function<std::string>("-u,--uuid", store_uuid, "the one with this uuid")->option_text("UUID");
    add_image_flags(line, flags.image);
    const auto* operand = line.app().add_option("SUBVOLUME", flags.show.subvolume);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (const auto wrong = what_is_wrong(flags, operand->count() > 0); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    if (flags.id) {
        flags.show.subvolume = std::to_string(*flags.id);
    }
    return answer_from_image(
        line, io, flags.image,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, subvolume::show(filesystem, flags.show, context));
            return answer_show(flags, filesystem, report, messages);
        });
}

int run_subvolume_get_default(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = subvolume_tool,
                      .operands = "IMAGE",
                      .summary = "Which subvolume is mounted if nothing else is said.",
                      .verb = "get-default"});
    ImageFlags flags;
    add_image_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return answer_from_image(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto found, subvolume::get_default(filesystem, context));
            tell_lost_path(flags, found, messages);
            return flags.format == OutputFormat::json ? default_json(flags, filesystem, found) : default_text(found);
        });
}

} // namespace btrkit::apps
