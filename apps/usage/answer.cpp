// SPDX-License-Identifier: MIT
#include "apps/usage/answer.h"

#include "apps/common/ask_image.h"
#include "apps/common/document.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/usage/usage.h"
#include "libfs/base/names.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

void add_usage_flags(CommandLine& line, UsageFlags& flags) {
    line.begin_group("Others");
    line.add_super(flags.volume.super_mirror, "--super");
    line.add_size("--memory", flags.memory_bytes, "how much to use, roughly; the numbers are the same (default 256m)");
    line.add_format(flags.format);
    line.add_threads(flags.parallelism.threads);
    line.add_progress();
}

void add_size_forms(CommandLine& line, SizeForm& form) {
    line.begin_group("How sizes are printed");
    auto& app = line.app();
    const auto set = [&form](SizeForm wanted) { return [&form, wanted] { form = wanted; }; };
    app.add_flag_callback("-b,--raw", set(SizeForm::raw), "in bytes")->trigger_on_parse();
    app.add_flag_callback("-H,--si", set(SizeForm::si), "in powers of 1000")->trigger_on_parse();
    app.add_flag_callback("--iec,--human-readable", set(SizeForm::iec), "in powers of 1024 (default)")
        ->trigger_on_parse();
}

int answer_usage(const CommandLine& line, Io& io, const UsageFlags& flags, const Answer& measure) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    ImageToAsk image{.paths = flags.images,
                     .open = {.volume = flags.volume},
                     .when_in_use = "it is not read while in use (`btrfs filesystem` can)",
                     .context = {.parallelism = flags.parallelism, .progress = Progress(progress)}};
    image.context.memory_bytes = flags.memory_bytes.value_or(image.context.memory_bytes);
    return print_answer(image, messages, io.out,
                        [&](const Filesystem& filesystem, const RunContext& context, Messages& told) {
                            auto text = measure(filesystem, context, told);
                            progress.finish();
                            return text;
                        });
}

void tell_image_error(const UsageFlags& flags, std::string_view what, Messages& messages) {
    messages.error(fmt::format("{}: {}", printable(flags.images.front()), what));
}

Json begin_usage_document(std::string_view name, const UsageFlags& flags, const Filesystem& filesystem) {
    Json document = begin_document({.tool = usage_tool, .name = name});
    document["images"] = texts_json("path", flags.images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    return document;
}

} // namespace btrkit::apps
