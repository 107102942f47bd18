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

int run_resolve_logical(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = resolve_tool,
                      .operands = "IMAGE ADDRESS",
                      .summary = "Tell which files or trees have an address, and where its copies are.",
                      .verb = "logical"});
    ResolveFlags flags;
    add_resolve_operands(line, flags, "ADDRESS");
    add_file_flags(line, flags);
    add_resolve_source(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto at = parse_number(flags.number);
    if (!at) {
        return line.wrong_usage(io, fmt::format("'{}' is no address", printable(flags.number)));
    }
    return answer_resolve(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto report, resolve::resolve_logical(filesystem, {*at}, flags.resolve, context));
            if (const auto why = why_not_all(report); !why.empty()) {
                messages.error(fmt::format("{}: {}", printable(flags.images.front()), why));
            }
            if (flags.format != OutputFormat::json) {
                return flags.is_brief ? address_paths(report) : address_text(report);
            }
            auto document = begin_resolve_document("resolve-logical", flags, filesystem);
            document["address"] = address_json(report);
            return json_text(document);
        });
}

} // namespace btrkit::apps
