// SPDX-License-Identifier: MIT
#include "apps/subvolume/change.h"

#include "apps/changing/change_image.h"
#include "apps/common/fresh_values.h"
#include "apps/subvolume/report_json.h"
#include "apps/subvolume/script.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/ops/subvolume/change.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

int run_commands(const CommandLine& line, const WriteFlags& flags, std::span<const subvolume::Command> commands,
                 Io& io) {
    subvolume::ChangeReport report;
    const auto run = [&](const ChangeInputs& inputs) -> Result<commit::Report> {
        const subvolume::ChangeOptions options = {
            .commit = inputs.commit, .transaction = inputs.transaction, .now = current_time(), .new_uuid = random_uuid};
        BTRKIT_TRY_ASSIGN(report, subvolume::run(inputs.filesystem, inputs.devices, commands, options, inputs.context));
        return report.commit;
    };
    const auto add_members = [&](Json& document) { document["changes"] = changes_json(commands, report.trees); };
    return change_image(line, io, flags, {.document = change_document, .run = run, .add_members = add_members});
}

} // namespace

int run_change_verb(const SubvolumeVerb& verb, std::span<const std::string> arguments, Io& io) {
    const auto name = verb.name();
    const auto operands = fmt::format("IMAGE {}", verb.operands);
    CommandLine line({.name = subvolume_tool, .operands = operands, .summary = verb.summary, .verb = name});
    WriteFlags flags;
    ChangeFlags change_flags;
    add_write_flags(line, flags);
    verb.declare(line.app(), change_flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto changes = verb.make(change_flags);
    if (!changes) {
        return line.wrong_usage(io, changes.error().message);
    }
    std::vector<subvolume::Command> commands;
    for (const auto& change : *changes) {
        commands.push_back({.change = change});
    }
    return run_commands(line, flags, commands, io);
}

int run_change_script(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = subvolume_tool,
                      .operands = "-f FILE IMAGE",
                      .summary = "Do the commands of a script, one a line and all in one commit."});
    WriteFlags flags;
    std::string path;
    add_write_flags(line, flags);
    line.app().add_option("-f", path, "the script; - for standard input")->option_text("FILE")->required();
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto text = read_script(path);
    const auto commands = text ? parse_script(*text) : std::unexpected(text.error());
    if (!commands) {
        return line.wrong_usage(io, commands.error().message);
    }
    return run_commands(line, flags, *commands, io);
}

} // namespace btrkit::apps
