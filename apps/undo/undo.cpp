// SPDX-License-Identifier: MIT
#include "apps/undo/undo.h"

#include "apps/common/command_line.h"
#include "apps/common/document.h"
#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_images.h"
#include "apps/common/open_writable.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "apps/undo/outcome.h"
#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

struct UndoFlags {
    std::string undo_file;
    std::vector<std::string> images;
    OutputFormat format = OutputFormat::text;
    bool dry_run = false;
    bool release = false;
};

std::optional<int> read_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, UndoFlags& flags) {
    auto& app = line.app();
    app.add_option("FILE", flags.undo_file)->required();
    app.add_flag("--dry-run", flags.dry_run, "tell what would be done, and write nothing");
    app.add_flag("--release", flags.release, "give the undo up: check and remove FILE, without IMAGE");
    line.add_images(flags.images);
    app.get_option("IMAGE")->required(false);
    line.add_format(flags.format);
    line.add_progress();
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (!flags.release && flags.images.empty()) {
        return line.wrong_usage(io, "IMAGE is required");
    }
    if (flags.release && (flags.dry_run || !flags.images.empty())) {
        return line.wrong_usage(io, "--release takes FILE alone");
    }
    return std::nullopt;
}

class UndoRun {
public:
    UndoRun(const UndoFlags& flags, ProgressDisplay& progress, Messages& messages, Io& io)
        : flags_(flags), progress_(progress), messages_(messages), io_(io) {}

    int run() {
        const auto file = UndoReader::open(flags_.undo_file);
        if (!file) {
            messages_.error(file.error());
            return exit_failed;
        }
        tell_file(*file);
        if (flags_.release) {
            return release(*file);
        }
        places_ = find_images(flags_.images, messages_);
        names_ = names_of(places_);
        if (messages_.error_count() > 0 || !are_unused(places_, "nothing is undone while it is in use", messages_)) {
            return exit_failed;
        }
        const auto report = flags_.dry_run ? plan(*file) : undo(*file);
        progress_.finish();
        if (!report) {
            return exit_failed;
        }
        print(*file, &*report);
        return messages_.exit_status();
    }

private:
    void tell_file(const UndoReader& file) {
        const auto& identity = file.identity();
        messages_.detail(fmt::format("{}: {}, {} saved, {} of the change", printable(file.path()),
                                     identity
                                         ? fmt::format("filesystem {}, generation {} to {}", uuid_text(identity->fsid),
                                                       identity->old_generation, identity->new_generation)
                                         : std::string("never finished"),
                                     plural(file.pre_image_bytes(), "byte"), plural(file.born_count(), "tree block")));
    }

    RunContext context(const StopSignals& signals) const {
        return {.progress = Progress(progress_), .stop = signals.token()};
    }

    /// nullopt: what is wrong was said.
    std::optional<undo::Report> plan(const UndoReader& file) {
        const auto devices = open_images(places_, messages_);
        if (messages_.error_count() > 0) {
            return std::nullopt;
        }
        std::vector<const BlockDevice*> pointers;
        pointers.reserve(devices.size());
        for (const auto& device : devices) {
            pointers.push_back(device.get());
        }
        const StopSignals signals;
        auto report = undo::plan(file, pointers, context(signals));
        if (!report) {
            messages_.error(report.error());
            return std::nullopt;
        }
        return std::move(*report);
    }

    std::optional<undo::Report> undo(const UndoReader& file) {
        const auto images = open_writable(places_, messages_);
        if (messages_.error_count() > 0) {
            return std::nullopt;
        }
        std::vector<WritableDevice*> pointers;
        bool has_block_device = false;
        for (const auto& image : images) {
            pointers.push_back(&image.device());
            has_block_device = has_block_device || image.file().is_block_device();
        }
        const StopSignals signals;
        auto report = undo::run(file, pointers, context(signals));
        if (!report) {
            tell_failure(report.error());
            return std::nullopt;
        }
        if (has_block_device) {
            messages_.note(
                "what the kernel remembers of these devices is older; 'btrfs device scan --forget' clears it");
        }
        return std::move(*report);
    }

    /// Of these, nobody knows how much had been written.
    void tell_failure(const Error& error) {
        const bool may_have_written = error.kind == ErrorKind::io || error.kind == ErrorKind::cancelled;
        messages_.error(may_have_written ? fmt::format("{}; the same command goes on where this one ended, and nobody "
                                                       "else may write before that",
                                                       error.message)
                                         : error.message);
    }

    int release(const UndoReader& file) {
        if (::unlink(flags_.undo_file.c_str()) != 0) {
            messages_.error(
                fmt::format("{}: cannot be removed: {}", printable(flags_.undo_file), std::strerror(errno)));
            return exit_failed;
        }
        print(file, nullptr);
        return messages_.exit_status();
    }

    void print(const UndoReader& file, const undo::Report* report) {
        const UndoOutcome outcome{
            .undo_file = flags_.undo_file, .images = names_, .file = file, .report = report, .dry_run = flags_.dry_run};
        const bool is_json = flags_.format == OutputFormat::json;
        if (!is_json && messages_.verbosity() == Verbosity::quiet) {
            return;
        }
        const auto text = is_json ? json_text(undo_json(outcome)) : undo_text(outcome);
        if (const auto written = io_.out.write(text); !written) {
            messages_.error(written.error());
        }
    }

    const UndoFlags& flags_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
    std::vector<ImagePlace> places_;
    std::vector<std::string> names_; ///< of the places
};

} // namespace

int run_undo(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-undo",
                      .operands = "FILE IMAGE...",
                      .summary = "Bring a btrfs back to what it was before the change that wrote FILE."});
    UndoFlags flags;
    if (const auto status = read_flags(line, arguments, io, flags)) {
        return *status;
    }
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    return UndoRun(flags, progress, messages, io).run();
}

} // namespace btrkit::apps
