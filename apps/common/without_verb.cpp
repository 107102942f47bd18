// SPDX-License-Identifier: MIT
#include "apps/common/without_verb.h"

#include "apps/common/command_line.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

int run_without_verb(std::string_view tool, std::string list_of_verbs, std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = tool, .operands = "VERB ...", .summary = ""});
    line.replace_help(std::move(list_of_verbs));
    if (!arguments.empty() && !arguments.front().starts_with('-')) {
        return line.wrong_usage(io, fmt::format("there is no verb '{}'", printable(arguments.front())));
    }
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return line.wrong_usage(io, "the first argument is a verb");
}

} // namespace btrkit::apps
