// SPDX-License-Identifier: MIT
#include "apps/reading/reading_flags.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"
#include "libfs/survey/subvolume.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

void add_reading_operands(CommandLine& line, ReadingFlags& flags) {
    line.add_one_image(flags.images);
    line.app().add_option("PATH", flags.paths)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_reading_source(CommandLine& line, ReadingFlags& flags) {
    line.begin_group("From where");
    line.app()
        .add_option("-s,--subvolume", flags.subvolume, "paths begin in this subvolume, by id or path")
        ->option_text("SUBVOLUME");
    add_roots_flags(line, flags.roots);
}

void add_snapshots(CommandLine& line, ReadingFlags& flags) {
    line.app().add_flag("--snapshots", flags.snapshots, "go into snapshots too, and not only into other subvolumes");
}

int ask_reading(const CommandLine& line, Io& io, ReadingFlags& flags,
                const std::function<Result<void>(const Filesystem&, const RunContext&, Messages&)>& ask) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .open = flags.roots.chosen(),
                           .when_in_use = "it is not read while in use: what is mounted can be read there"};
    const auto failed = ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) {
        return ask(filesystem, context, messages);
    });
    return failed.value_or(messages.exit_status());
}

std::string Start::below(std::string_view path_below) const {
    if (path_below.empty()) {
        return path.empty() ? "/" : path;
    }
    return fmt::format("{}/{}", path, path_below);
}

Result<Start> find_start(const Filesystem& filesystem, const ReadingFlags& flags, std::string_view path) {
    Start start;
    for (const auto name : path_names(path)) {
        start.path += '/';
        start.path += name;
    }
    if (flags.subvolume.empty()) {
        BTRKIT_TRY_ASSIGN(start.place, find_path(filesystem, path));
        return start;
    }
    BTRKIT_TRY_ASSIGN(const auto subvolume, survey::find_subvolume(filesystem, flags.subvolume));
    BTRKIT_TRY_ASSIGN(start.place,
                      find_path_from(filesystem, {.tree = subvolume.tree, .inode = btrfs::root_dir_inode}, path));
    return start;
}

survey::NameWalkOptions::Subvolumes wanted_subvolumes(const ReadingFlags& flags) {
    using Subvolumes = survey::NameWalkOptions::Subvolumes;
    return flags.snapshots ? Subvolumes::enter_snapshots_too : Subvolumes::enter;
}

void ReadingErrors::tell(std::string_view path, std::string_view what) {
    if (++count_ <= most_told) {
        messages_.error(path.empty()
                            ? fmt::format("{}: {}", printable(flags_.images.front()), what)
                            : fmt::format("{}: {}: {}", printable(flags_.images.front()), printable(path), what));
    }
}

ReadingErrors::~ReadingErrors() {
    if (count_ > most_told) {
        messages_.error(fmt::format("{}: {} more; btrkit-check tells all", printable(flags_.images.front()),
                                    plural(count_ - most_told, "error")));
    }
}

} // namespace btrkit::apps
