// SPDX-License-Identifier: MIT
// From arguments to commands, for tools that change images: one verb, or the lines of a script, all in one commit.
#pragma once

#include "apps/changing/change_image.h"
#include "apps/changing/change_verb.h"

namespace btrkit::apps {

/// A tool with its verbs. Command: {change, line of the script or 0}.
template <class Verb, class Command>
struct VerbTool {
    std::string_view name;
    std::string_view script_operands; ///< "-f FILE IMAGE"
    std::span<const Verb> verbs;
    /// Returns the exit status.
    int (*run)(const CommandLine& line, const WriteFlags& flags, std::span<const Command> commands, Io& io);
};

/// arguments: what is behind the verb. has_short_names: -n and -v are ours, not the verb's.
template <class Verb, class Command>
int run_verb(const VerbTool<Verb, Command>& tool, const Verb& verb, std::span<const std::string> arguments, Io& io,
             bool has_short_names = true) {
    const auto name = verb.name();
    const auto operands = fmt::format("IMAGE {}", verb.operands);
    CommandLine line({.name = tool.name,
                      .operands = operands,
                      .summary = verb.summary,
                      .verb = name,
                      .has_short_verbose = has_short_names});
    WriteFlags flags;
    typename Verb::Flags verb_flags;
    add_write_flags(line, flags, has_short_names);
    verb.declare(line.app(), verb_flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    auto changes = verb.make(verb_flags);
    if (!changes) {
        return line.wrong_usage(io, changes.error().message);
    }
    std::vector<Command> commands;
    for (auto& change : *changes) {
        commands.push_back({.change = std::move(change)});
    }
    return tool.run(line, flags, commands, io);
}

/// Of tools whose first argument is a verb: instead of one, -f stands among the options.
inline bool is_script(std::span<const std::string> arguments) {
    return !arguments.empty() && arguments.front().starts_with('-') &&
           std::ranges::any_of(arguments, [](const std::string& each) { return each.starts_with("-f"); });
}

/// -f FILE: the commands of a script. arguments: -f among them.
template <class Verb, class Command>
int run_script(const VerbTool<Verb, Command>& tool, std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = tool.name,
                      .operands = tool.script_operands,
                      .summary = "Do the commands of a script, one a line and all in one commit."});
    WriteFlags flags;
    std::string path;
    add_write_flags(line, flags);
    line.app().add_option("-f", path, "the script; - for standard input")->option_text("FILE")->required();
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto text = read_script(path);
    const auto commands = text ? parse_script<Command>(tool.verbs, *text) : std::unexpected(text.error());
    if (!commands) {
        return line.wrong_usage(io, commands.error().message);
    }
    return tool.run(line, flags, *commands, io);
}

} // namespace btrkit::apps
