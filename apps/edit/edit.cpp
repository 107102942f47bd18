// SPDX-License-Identifier: MIT
#include "apps/edit/edit.h"

#include "apps/changing/run_verbs.h"
#include "apps/common/exit_status.h"
#include "apps/common/fresh_values.h"
#include "apps/common/source_date.h"
#include "apps/edit/attribute_text.h"
#include "apps/edit/edit_verbs.h"
#include "apps/edit/reading.h"
#include "libfs/ops/edit_files/change.h"

#include <algorithm>
#include <cstdlib>

namespace btrkit::apps {

namespace {

struct ReadingVerb {
    std::string_view name;
    std::string_view operands;
    std::string_view summary;
    App run;
};
constexpr std::array reading_verbs = std::to_array<ReadingVerb>({
    {"get", "PATH HOST", "take a file or folder out", run_edit_get},
    {"lsattr", "PATH...", "show the flags of files", run_edit_lsattr},
});

std::string edit_help() {
    std::string text = fmt::format("Usage: {} IMAGE VERB [OPTIONS] [ARGUMENTS]\n"
                                   "Files in a btrfs image that is not mounted.\n\n",
                                   edit_tool);
    const auto add = [&](std::string_view name, std::string_view operands, std::string_view summary) {
        text += fmt::format("  {:<30}{}\n", fmt::format("{} {}", name, operands), summary);
    };
    for (const auto& verb : edit_verbs()) {
        add(verb.name(), verb.operands, verb.summary);
    }
    for (const auto& verb : reading_verbs) {
        add(verb.name, verb.operands, verb.summary);
    }
    add("-f FILE", "", "verbs that change, a line each, one commit");
    return text + fmt::format("\n{0} VERB --help tells more, --version the version.\n", edit_tool);
}

/// Nothing of the host but its temporary files.
std::string spool_folder() {
    const char* folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

constexpr Document edit_document{.tool = edit_tool, .name = "edit", .version = 2};

int run_edit_commands(const CommandLine& line, const WriteFlags& flags, std::span<const edit_files::Command> commands,
                      Io& io) {
    const auto epoch = source_date_epoch();
    if (!epoch) {
        return line.wrong_usage(io, epoch.error().message);
    }
    const auto run = [&](const ChangeInputs& inputs) {
        return edit_files::run(inputs.filesystem, inputs.devices, commands,
                               {.commit = inputs.commit,
                                .transaction = inputs.transaction,
                                .now = *epoch ? Time{.sec = **epoch} : current_time(),
                                .latest_mtime = *epoch,
                                .spool_directory = spool_folder()},
                               inputs.context);
    };
    return change_image(line, io, flags, {.document = edit_document, .run = run});
}

VerbTool<EditVerb, edit_files::Command> this_tool() {
    return {.name = edit_tool, .script_operands = "IMAGE -f FILE", .verbs = edit_verbs(), .run = run_edit_commands};
}

const ReadingVerb* find_reading_verb(std::string_view name) {
    const auto* found = std::ranges::find(reading_verbs, name, &ReadingVerb::name);
    return found != reading_verbs.end() ? found : nullptr;
}

/// The image may come first, as it reads best, or the verb, as in other tools; options may stand between them, and what
/// stands behind one that takes a value is no verb.
std::optional<std::size_t> find_verb_word(std::span<const std::string> arguments) {
    CommandLine line({.name = edit_tool, .operands = "", .summary = ""});
    WriteFlags flags;
    add_write_flags(line, flags);
    const auto takes_value = [&](const std::string& word) {
        const auto* option = word.contains('=') ? nullptr : line.app().get_option_no_throw(word);
        return word == "-f" || (option != nullptr && option->get_items_expected_max() > 0);
    };
    std::size_t operands = 0;
    for (std::size_t at = 0; at < arguments.size() && operands < 2; ++at) {
        if (arguments[at].starts_with('-')) {
            at += takes_value(arguments[at]) ? 1 : 0;
        } else if (find_verb(edit_verbs(), arguments.subspan(at)) != nullptr ||
                   find_reading_verb(arguments[at]) != nullptr) {
            return at;
        } else {
            ++operands;
        }
    }
    return std::nullopt;
}

std::vector<std::string> without_verb(std::span<const std::string> arguments, std::size_t verb_at) {
    std::vector<std::string> rest(arguments.begin(), arguments.end());
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(verb_at));
    return rest;
}

} // namespace

int run_edit(std::span<const std::string> arguments, Io& io) {
    if (const auto at = find_verb_word(arguments)) {
        if (const auto* verb = find_verb(edit_verbs(), arguments.subspan(*at))) {
            // -n and -v are those of setfattr(1) there.
            return run_verb(this_tool(), *verb, without_verb(arguments, *at), io, verb->name() != "setfattr");
        }
        return find_reading_verb(arguments[*at])->run(without_verb(arguments, *at), io);
    }
    if (std::ranges::any_of(arguments, [](const std::string& each) { return each.starts_with("-f"); })) {
        return run_script(this_tool(), arguments, io);
    }
    CommandLine line({.name = edit_tool, .operands = "IMAGE VERB ...", .summary = ""});
    line.replace_help(edit_help());
    if (arguments.size() > 1 && !arguments[1].starts_with('-')) {
        return line.wrong_usage(io, fmt::format("there is no verb '{}'", printable(arguments[1])));
    }
    if (!arguments.empty() && !arguments.front().starts_with('-')) {
        return line.wrong_usage(io, "a verb follows IMAGE");
    }
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return line.wrong_usage(io, "the arguments are IMAGE and a verb");
}

} // namespace btrkit::apps
