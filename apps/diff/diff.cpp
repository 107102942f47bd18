// SPDX-License-Identifier: MIT
#include "apps/diff/diff.h"

#include "apps/common/document.h"
#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_filesystem.h"
#include "apps/diff/change_text.h"
#include "apps/reading/buffered_output.h"
#include "apps/reading/reading_flags.h"
#include "libfs/base/names.h"
#include "libfs/survey/subvolume.h"

#include <algorithm>
#include <ranges>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

struct DiffFlags {
    ReadingFlags reading;
    std::vector<std::string> other_images;
    diff::Options diff;
    bool keeps_renames_apart = false;
};

void add_ignored(CLI::App& app, diff::Options& options) {
    const auto store = [&options](const std::string& value) {
        for (const auto part : value | std::views::split(',')) {
            const auto* word = std::ranges::find(aspect_words, std::string_view(part));
            if (word == aspect_words.end()) {
                throw CLI::ValidationError("--ignore", fmt::format("'{}' is not one of {}", std::string_view(part),
                                                                   fmt::join(aspect_words, ", ")));
            }
            options.ignored.add(static_cast<diff::Aspect>(word - aspect_words.begin()));
        }
    };
    app.add_option_function<std::string>("--ignore", store,
                                         "what does not count: any of type, data, target, device, mode, owner, mtime, "
                                         "xattrs, flags, parted by commas")
        ->option_text("LIST");
}

void add_flags(CommandLine& line, DiffFlags& flags) {
    auto& app = line.app();
    line.add_one_image(flags.reading.images);
    app.add_option("A", flags.reading.paths)->expected(0, 2)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--other-image", flags.other_images, "where B lies, if elsewhere; repeatable")
        ->option_text("FILE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    add_ignored(app, flags.diff);
    app.add_flag("--no-renames", flags.keeps_renames_apart, "what was renamed is removed and added");
    app.add_flag("--subvolumes", flags.diff.enters_subvolumes, "compare the subvolumes that hang in both too");
    line.add_format(flags.reading.format);
    line.begin_group("From where");
    add_roots_flags(line, flags.reading.roots);
}

/// A subvolume by id, or what a path leads to.
Result<InodePlace> find_top(const Filesystem& filesystem, const std::string& name) {
    if (survey::parse_subvolume_id(name)) {
        BTRKIT_TRY_ASSIGN(const auto subvolume, survey::find_subvolume(filesystem, name));
        return InodePlace{.tree = subvolume.tree, .inode = btrfs::root_dir_inode};
    }
    return find_path(filesystem, name);
}

Result<InodePlace> find_directory(const Filesystem& filesystem, const std::string& name) {
    BTRKIT_TRY_ASSIGN(const auto place, find_top(filesystem, name));
    BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem, place));
    if (file_type_of(inode.mode) != btrfs::FileType::directory) {
        return fail(ErrorKind::usage, fmt::format("{} is neither a subvolume nor a directory", printable(name)));
    }
    return place;
}

/// Prints what is different.
class DiffRun {
public:
    DiffRun(const DiffFlags& flags, Io& io, Messages& messages)
        : flags_(flags), is_json_(flags.reading.format == OutputFormat::json),
          has_lines_(is_json_ || messages.verbosity() != Verbosity::quiet), out_(io.out), messages_(messages) {}

    Result<void> compare(const Filesystem& old_filesystem, const Filesystem& new_filesystem,
                         const RunContext& context) {
        const auto& names = flags_.reading.paths;
        const std::string first = names.empty() ? "/" : names.front();
        BTRKIT_TRY_ASSIGN(const auto old_top, find_directory(old_filesystem, first));
        BTRKIT_TRY_ASSIGN(const auto new_top, find_directory(new_filesystem, names.empty() ? first : names.back()));
        if (is_json_) {
            put(json_line(begin_document({.tool = diff_tool, .name = "diff"})));
        }
        ReadingErrors errors(flags_.reading, messages_);
        const diff::Hooks hooks{
            .changed =
                [&](const diff::Change& change) {
                    if (has_lines_) {
                        put(is_json_ ? change_json_line(change) : change_text(change));
                    }
                },
            .failed = [&](std::string_view path,
                          const Error& error) { errors.tell(fmt::format("/{}", path), error.message); }};
        BTRKIT_TRY_ASSIGN(report_,
                          diff::run({.filesystem = old_filesystem, .top = old_top},
                                    {.filesystem = new_filesystem, .top = new_top}, flags_.diff, hooks, context));
        if (is_json_) {
            put(json_line({{"end", {{"changes", report_.change_count}, {"failures", report_.failure_count}}}}));
        }
        return out_.finish();
    }

    const diff::Report& report() const { return report_; }

private:
    void put(std::string_view lines) {
        out_.text().put(lines);
        out_.end_of_line();
    }

    const DiffFlags& flags_;
    bool is_json_;
    bool has_lines_;
    BufferedOutput out_;
    Messages& messages_;
    diff::Report report_;
};

constexpr std::string_view when_in_use = "it is not read while in use: what is mounted can be compared there";

int run_with(const DiffFlags& flags, Io& io, Messages& messages) {
    DiffRun run(flags, io, messages);
    bool was_cancelled = false;
    const ImageToAsk image{
        .paths = flags.reading.images, .open = flags.reading.roots.chosen(), .when_in_use = when_in_use};
    const auto failed = ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) {
        std::optional<Filesystem> other;
        if (!flags.other_images.empty()) {
            const auto places = find_images(flags.other_images, messages);
            if (messages.error_count() == 0) {
                other = open_filesystem(places, {}, when_in_use, context.problems, messages);
            }
            if (!other) {
                return Result<void>();
            }
        }
        const auto compared = run.compare(filesystem, other ? *other : filesystem, context);
        was_cancelled = !compared && compared.error().kind == ErrorKind::cancelled;
        return compared;
    });
    if (was_cancelled) {
        return exit_cancelled;
    }
    if (failed || messages.exit_status() != exit_done) {
        return diff_trouble;
    }
    return run.report().is_equal() ? diff_equal : diff_different;
}

} // namespace

int run_diff(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = diff_tool,
                      .operands = "IMAGE A B | IMAGE [A [B]] --other-image IMAGE",
                      .summary = "Tell what is different between two subvolumes or directories."});
    DiffFlags flags;
    add_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (flags.other_images.empty() && flags.reading.paths.size() != 2) {
        return line.wrong_usage(io, "two subvolumes or directories are needed, or --other-image");
    }
    flags.diff.finds_renames = !flags.keeps_renames_apart;
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    return run_with(flags, io, messages);
}

} // namespace btrkit::apps
