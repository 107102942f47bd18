// SPDX-License-Identifier: MIT
#include "apps/subvolume/change.h"

#include "apps/changing/cleaned_up.h"
#include "apps/changing/run_verbs.h"
#include "apps/common/fresh_values.h"
#include "apps/subvolume/report_json.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/ops/subvolume/change.h"

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
    const auto add_members = [&](Json& document) {
        document["changes"] = changes_json(commands, report.trees);
        document["cleaned_up"] = report.cleaned_up;
    };
    const auto text = [&] { return cleaned_up_text(report.cleaned_up); };
    return change_image(line, io, flags,
                        {.document = change_document, .run = run, .add_members = add_members, .text = text});
}

VerbTool<SubvolumeVerb, subvolume::Command> this_tool() {
    return {.name = subvolume_tool, .script_operands = "-f FILE IMAGE", .verbs = change_verbs(), .run = run_commands};
}

} // namespace

int run_change_verb(const SubvolumeVerb& verb, std::span<const std::string> arguments, Io& io) {
    return run_verb(this_tool(), verb, arguments, io);
}

int run_change_script(std::span<const std::string> arguments, Io& io) {
    return run_script(this_tool(), arguments, io);
}

} // namespace btrkit::apps
