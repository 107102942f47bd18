// SPDX-License-Identifier: MIT
#include "apps/resolve/resolve_flags.h"

#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/resolve/resolve.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

void add_resolve_operands(CommandLine& line, ResolveFlags& flags, const std::string& name) {
    line.add_one_image(flags.images);
    line.app().add_option(name, flags.number)->required();
}

void add_file_flags(CommandLine& line, ResolveFlags& flags) {
    auto& app = line.app();
    app.add_flag("-o,--whole-extent", flags.resolve.whole_extent,
                 "files that refer to any byte of the extent, not to this one alone");
    app.add_flag("--brief", flags.is_brief, "paths alone, a line each");
}

void add_resolve_source(CommandLine& line, ResolveFlags& flags) {
    line.begin_group("From where");
    add_roots_flags(line, flags.roots);
    line.begin_group("Others");
    line.add_format(flags.format);
    line.add_threads(flags.threads);
}

int answer_resolve(const CommandLine& line, Io& io, const ResolveFlags& flags, const Answer& answer) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .open = flags.roots.chosen(),
                           .when_in_use = "it is not read while in use (`btrfs inspect-internal` can)",
                           .context = {.parallelism = {.threads = flags.threads}}};
    return print_answer(image, messages, io.out, answer);
}

Json begin_resolve_document(std::string_view name, const ResolveFlags& flags, const Filesystem& filesystem) {
    Json document = begin_document({.tool = resolve_tool, .name = name});
    document["images"] = texts_json("path", flags.images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    return document;
}

} // namespace btrkit::apps
