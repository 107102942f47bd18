// SPDX-License-Identifier: MIT
#include "apps/resolve/resolve.h"

#include "apps/common/without_verb.h"
#include "apps/resolve/verbs.h"

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
    {"logical", "which files or trees have an address, and where its copies are", run_resolve_logical},
    {"physical", "the same of a place on a device", run_resolve_physical},
    {"inode", "the paths of an inode", run_resolve_inode},
});

std::string list_of_verbs() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] IMAGE ...\n"
                                   "Tell which files numbers of a btrfs stand for.\n\n",
                                   resolve_tool);
    for (const auto& verb : verbs) {
        text += fmt::format("  {:<10}{}\n", verb.name, verb.summary);
    }
    return text + fmt::format("\n{} VERB --help tells more, --version the version.\n", resolve_tool);
}

} // namespace

int run_resolve(std::span<const std::string> arguments, Io& io) {
    if (!arguments.empty()) {
        const auto verb = std::ranges::find(verbs, arguments.front(), &Verb::name);
        if (verb != verbs.end()) {
            return verb->run(arguments.subspan(1), io);
        }
    }
    return run_without_verb(resolve_tool, list_of_verbs(), arguments, io);
}

} // namespace btrkit::apps
