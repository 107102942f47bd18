// SPDX-License-Identifier: MIT
#include "apps/tune/tune.h"

#include "apps/changing/run_verbs.h"
#include "apps/common/without_verb.h"
#include "apps/tune/tune_verbs.h"
#include "libfs/base/names.h"

namespace btrkit::apps {

namespace {

constexpr Document tune_document{.tool = tune_tool, .name = "tune", .version = 2};

std::string tune_help() {
    std::string text = fmt::format("Usage: {} VERB [OPTIONS] IMAGE [ARGUMENTS]\n"
                                   "Label, ids and features of a btrfs image that is not mounted.\n\n",
                                   tune_tool);
    for (const auto& verb : tune_verbs()) {
        text += fmt::format("  {:<20}{}\n", fmt::format("{} {}", verb.name(), verb.operands), verb.summary);
    }
    text += "  -f FILE             verbs, a line each, in one commit\n";
    return text + fmt::format("\n{0} VERB --help tells more, --version the version.\n", tune_tool);
}

/// The id that the filesystem has then, where it is another.
std::optional<btrfs::Uuid> new_uuid_of(std::span<const tune::Command> commands) {
    std::optional<btrfs::Uuid> last;
    for (const auto& command : commands) {
        if (const auto* wanted = std::get_if<tune::NewUuid>(&command.change)) {
            last = wanted->fsid;
        }
    }
    return last;
}

int run_commands(const CommandLine& line, const WriteFlags& flags, std::span<const tune::Command> commands, Io& io) {
    std::vector<std::string_view> unchanged;
    const auto run = [&](const ChangeInputs& inputs) -> Result<commit::Report> {
        BTRKIT_TRY_ASSIGN(const auto report,
                          tune::run(inputs.filesystem, inputs.devices, commands,
                                    {.commit = inputs.commit, .transaction = inputs.transaction}, inputs.context));
        unchanged = report.unchanged;
        return report.commit;
    };
    const auto text = [&] {
        std::string lines;
        for (const auto name : unchanged) {
            lines += fmt::format("{}: already so\n", name);
        }
        return lines;
    };
    const auto add_members = [&](Json& document) {
        const auto uuid = new_uuid_of(commands);
        document["new_uuid"] = uuid ? uuid_json(*uuid) : Json();
        document["unchanged_features"] = unchanged;
    };
    return change_image(line, io, flags,
                        {.document = tune_document, .run = run, .add_members = add_members, .text = text});
}

VerbTool<TuneVerb, tune::Command> this_tool() {
    return {.name = tune_tool, .script_operands = "-f FILE IMAGE", .verbs = tune_verbs(), .run = run_commands};
}

} // namespace

int run_tune(std::span<const std::string> arguments, Io& io) {
    if (const auto* verb = find_verb(tune_verbs(), arguments)) {
        return run_verb(this_tool(), *verb, arguments.subspan(verb->word_count()), io);
    }
    if (is_script(arguments)) {
        return run_script(this_tool(), arguments, io);
    }
    return run_without_verb(tune_tool, tune_help(), arguments, io);
}

} // namespace btrkit::apps
