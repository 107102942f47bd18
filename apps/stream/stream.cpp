// SPDX-License-Identifier: MIT
#include "apps/stream/stream.h"

#include "apps/common/command_line.h"
#include "apps/common/did_you_mean.h"
#include "apps/stream/verbs.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct StreamVerb {
    std::string_view name;
    std::string_view summary;
    App run;
};
constexpr std::array stream_verbs = std::to_array<StreamVerb>({
    {"dump", "a line for each command, as `btrfs receive --dump` prints them", run_stream_dump},
    {"verify", "whether streams are whole and sound, and have their parents", run_stream_verify},
});

std::string stream_verb_list() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] [FILE...]\n"
                                   "The streams of `btrfs send`, without a filesystem.\n\n",
                                   stream_tool);
    for (const auto& verb : stream_verbs) {
        text += fmt::format("  {:<8}{}\n", verb.name, verb.summary);
    }
    return text + fmt::format("\n{0} VERB --help tells more, {0} --version the version.\n", stream_tool);
}

} // namespace

int run_stream(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = stream_tool, .operands = "VERB ...", .summary = ""});
    line.replace_help(stream_verb_list());
    if (!arguments.empty() && !arguments.front().starts_with('-')) {
        const auto& word = arguments.front();
        const auto verb = std::ranges::find(stream_verbs, word, &StreamVerb::name);
        if (verb != stream_verbs.end()) {
            return verb->run(arguments.subspan(1), io);
        }
        std::vector<std::string> names;
        std::ranges::transform(stream_verbs, std::back_inserter(names),
                               [](const StreamVerb& each) { return std::string(each.name); });
        return line.wrong_usage(io, fmt::format("there is no verb '{}'{}", word, did_you_mean(word, names)));
    }
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return line.wrong_usage(io, "the first argument is a verb");
}

} // namespace btrkit::apps
