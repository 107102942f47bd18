// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"
#include "apps/resolve/address_report.h"
#include "apps/resolve/resolve.h"
#include "apps/resolve/resolve_flags.h"
#include "apps/resolve/verbs.h"
#include "libfs/base/names.h"
#include "libfs/render/json_text.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// "2:1048576", or an offset alone, which is on device 1.
std::optional<Physical> parse_place(std::string_view text) {
    const auto colon = text.find(':');
    const auto devid = colon == std::string_view::npos ? std::optional<u64>(1) : parse_number(text.substr(0, colon));
    const auto offset = parse_number(colon == std::string_view::npos ? text : text.substr(colon + 1));
    return devid && offset ? std::optional(Physical{*devid, *offset}) : std::nullopt;
}

} // namespace

int run_resolve_physical(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = resolve_tool,
                      .operands = "IMAGE [DEVID:]OFFSET",
                      .summary = "Tell what is at a place of a device: a copy of which address, and whose.",
                      .verb = "physical"});
    ResolveFlags flags;
    add_resolve_operands(line, flags, "PLACE");
    add_file_flags(line, flags);
    add_resolve_source(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto place = parse_place(flags.number);
    if (!place) {
        return line.wrong_usage(io, fmt::format("'{}' is no place: DEVID:OFFSET", printable(flags.number)));
    }
    return answer_resolve(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, resolve::resolve_physical(filesystem, *place, flags.resolve, context));
            if (const auto why = report.address ? why_not_all(*report.address) : ""; !why.empty()) {
                messages.error(fmt::format("{}: {}", printable(flags.images.front()), why));
            }
            if (flags.format != OutputFormat::json) {
                return flags.is_brief ? (report.address ? address_paths(*report.address) : "") : place_text(report);
            }
            auto document = begin_resolve_document("resolve-physical", flags, filesystem);
            document["place"] = place_json(report);
            document["address"] = report.address ? address_json(*report.address) : Json();
            return json_text(document);
        });
}

} // namespace btrkit::apps
