// SPDX-License-Identifier: MIT
#include "apps/usage/usage.h"

#include "apps/common/command_line.h"
#include "apps/common/without_verb.h"
#include "apps/usage/verbs.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Verb {
    std::string_view name;
    std::string_view summary;
    App run;
};
constexpr std::array verbs = std::to_array<Verb>({
    {"df", "how full it is: devices, profiles, free space, what trees take", run_usage_df},
    {"du", "who has the data: subvolumes, paths, compression, fragments, waste", run_usage_du},
    {"map", "a picture of devices and block groups: text, SVG or HTML", run_usage_map},
});

std::string verb_list() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] IMAGE...\n"
                                   "Tell where the space of a btrfs image is that is not mounted.\n\n",
                                   usage_tool);
    for (const auto& verb : verbs) {
        text += fmt::format("  {:<6}{}\n", verb.name, verb.summary);
    }
    return text + fmt::format("\n{} VERB --help tells more, --version the version.\n", usage_tool);
}

} // namespace

int run_usage(std::span<const std::string> arguments, Io& io) {
    if (!arguments.empty()) {
        const auto verb = std::ranges::find(verbs, arguments.front(), &Verb::name);
        if (verb != verbs.end()) {
            return verb->run(arguments.subspan(1), io);
        }
    }
    return run_without_verb(usage_tool, verb_list(), arguments, io);
}

} // namespace btrkit::apps
