// SPDX-License-Identifier: MIT
#include "apps/subvolume/subvolume.h"

#include "apps/changing/run_verbs.h"
#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/without_verb.h"
#include "apps/subvolume/change.h"
#include "apps/subvolume/verbs.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

struct Verb {
    std::array<std::string_view, 2> words; ///< the second one may be empty
    std::string_view summary;
    App run;

    std::string name() const { return fmt::format("{}", fmt::join(std::span(words).first(word_count()), " ")); }
    std::size_t word_count() const { return words[1].empty() ? 1 : 2; }
    bool begins(std::span<const std::string> arguments) const {
        return arguments.size() >= word_count() &&
               std::ranges::equal(std::span(words).first(word_count()), arguments.first(word_count()));
    }
};
constexpr std::array verbs = std::to_array<Verb>({
    {{"list"}, "which subvolumes there are", run_subvolume_list},
    {{"show"}, "all about one: ids, times, flags, snapshots, quotas", run_subvolume_show},
    {{"get-default"}, "which one is mounted if nothing else is said", run_subvolume_get_default},
    {{"property", "get"}, "read-only or not, label, compression", run_property_get},
});

std::string verb_list() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] IMAGE [ARGUMENTS]\n"
                                   "The subvolumes of a btrfs image that is not mounted.\n\n",
                                   subvolume_tool);
    for (const auto& verb : verbs) {
        text += fmt::format("  {:<14}{}\n", verb.name(), verb.summary);
    }
    for (const auto& verb : change_verbs()) {
        text += fmt::format("  {:<14}{}\n", verb.name(), verb.summary);
    }
    text += "  -f FILE       the verbs that change, one a line of a script, in one commit\n";
    return text + fmt::format("\n{0} VERB --help tells more, --version the version.\n", subvolume_tool);
}

} // namespace

int run_subvolume(std::span<const std::string> arguments, Io& io) {
    const auto verb = std::ranges::find_if(verbs, [&](const Verb& each) { return each.begins(arguments); });
    if (verb != verbs.end()) {
        return verb->run(arguments.subspan(verb->word_count()), io);
    }
    if (const auto* change = find_verb(change_verbs(), arguments)) {
        return run_change_verb(*change, arguments.subspan(change->word_count()), io);
    }
    if (is_script(arguments)) {
        return run_change_script(arguments, io);
    }
    return run_without_verb(subvolume_tool, verb_list(), arguments, io);
}

} // namespace btrkit::apps
