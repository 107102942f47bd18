// SPDX-License-Identifier: MIT
#include "apps/send/send.h"

#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "apps/common/version.h"
#include "apps/send/change_list.h"
#include "apps/send/flags.h"
#include "apps/send/report_json.h"
#include "apps/send/stream_output.h"
#include "libfs/base/names.h"
#include "libfs/ops/send/subvolume.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

class Run {
public:
    Run(const SendFlags& flags, ProgressDisplay& progress, Messages& messages, Io& io)
        : flags_(flags), progress_(progress), messages_(messages), io_(io), damages_(messages) {}

    int run() {
        images_ = find_images(flags_.images, messages_);
        parent_images_ = find_images(flags_.parent_images, messages_);
        if (messages_.error_count() > 0) {
            return exit_failed;
        }
        const auto filesystem = open(images_);
        std::optional<Filesystem> parent_image;
        if (!flags_.parent_images.empty()) {
            parent_image = open(parent_images_);
        }
        if (messages_.error_count() > 0) {
            return exit_failed;
        }
        const auto* parent = parent_image ? &*parent_image : nullptr;
        if (flags_.send.dry_run) {
            return list_changes(*filesystem, parent);
        }
        return flags_.file ? send_to_file(*filesystem, parent) : send_to(io_.out, *filesystem, parent);
    }

private:
    std::optional<Filesystem> open(std::span<const ImagePlace> images) {
        return open_filesystem(images, {.volume = flags_.volume},
                               "nothing is sent of it while in use (`btrfs send` can)", damages_.sink(), messages_);
    }

    int send_to_file(const Filesystem& filesystem, const Filesystem* parent) {
        std::vector<ImagePlace> images = images_;
        images.insert(images.end(), parent_images_.begin(), parent_images_.end());
        const auto file = StreamFile::open(*flags_.file, images);
        if (!file) {
            messages_.error(file.error());
            return file.error().kind == ErrorKind::usage ? exit_usage : exit_failed;
        }
        if (const int status = send_to(**file, filesystem, parent); status != exit_done && !report_) {
            return status;
        }
        if (const auto closed = (*file)->close(); !closed) {
            messages_.error(closed.error().message + whole_or_not(true));
            return exit_failed;
        }
        if (flags_.format == OutputFormat::json) {
            SendFlags said = flags_;
            said.images = names_of(images_);
            said.parent_images = names_of(parent_images_);
            print(json_text(send_json(said, filesystem, *report_)));
        }
        return messages_.exit_status();
    }

    RunContext context(const StopSignals& signals) {
        return {.parallelism = flags_.parallelism,
                .progress = Progress(progress_),
                .stop = signals.token(),
                .problems = [this](const Problem& problem) { damages_.tell(problem); }};
    }

    int send_to(OutputSink& sink, const Filesystem& filesystem, const Filesystem* parent) {
        const StopSignals signals;
        WatchedSink stream(sink);
        auto report = send::run(filesystem, parent, stream, flags_.send, context(signals),
                                {.begun = [&](const send::SentSubvolume& sent) { tell_begun(filesystem, sent); }});
        progress_.finish();
        damages_.finish();
        if (!report) {
            const auto text = stream.failure() ? stream.failure()->message : failure_text(report.error());
            messages_.error(text + whole_or_not(stream.has_begun()));
            return exit_failed;
        }
        report_ = std::move(*report);
        tell_sent(*report_);
        return messages_.exit_status();
    }

    int list_changes(const Filesystem& filesystem, const Filesystem* parent) {
        const auto list = flags_.format == OutputFormat::json ? json_change_list(io_.out)
                                                              : text_change_list(io_.out, messages_.verbosity());
        StopSignals signals;
        const send::Hooks hooks{.begun =
                                    [&](const send::SentSubvolume& sent) {
                                        tell_of_log(filesystem, sent);
                                        list->begin_subvolume(sent);
                                    },
                                .changed =
                                    [&](const send::ChangedPath& path) {
                                        list->add(path);
                                        if (list->failure()) {
                                            signals.request();
                                        }
                                    }};
        const auto report = send::run(filesystem, parent, io_.out, flags_.send, context(signals), hooks);
        progress_.finish();
        damages_.finish();
        if (!report && !list->failure()) {
            messages_.error(failure_text(report.error()));
            return exit_failed;
        }
        if (report) {
            list->end(*report);
            tell_skipped(*report);
        }
        if (list->failure()) {
            messages_.error(*list->failure());
        }
        return messages_.exit_status();
    }

    /// "At subvol NAME" is the peer's line, as its users know it: without the tool's name.
    void tell_begun(const Filesystem& filesystem, const send::SentSubvolume& sent) {
        tell_of_log(filesystem, sent);
        if (messages_.verbosity() != Verbosity::quiet) {
            const auto& name = flags_.send.subvolumes.at(begun_count_);
            // Where standard error fails there is nobody left to tell.
            static_cast<void>(progress_.err().write(fmt::format("At subvol {}\n", printable(name))));
        }
        ++begun_count_;
    }

    /// Snapshots have none, and a subvolume that was not changed since then neither; but nobody would know.
    void tell_of_log(const Filesystem& filesystem, const send::SentSubvolume& sent) {
        if (filesystem.super().log_root == 0 || !flags_.send.allow_writable) {
            return;
        }
        const auto subvolume = send::find_subvolume(filesystem, sent.id);
        if (subvolume && !subvolume->is_read_only) {
            messages_.note(fmt::format("{}: there is a log that was not replayed: what was written last to subvolume "
                                       "{} with fsync is not in the stream",
                                       printable(images_.front().name), sent.id));
        }
    }

    void tell_sent(const send::Report& report) {
        for (const auto& sent : report.sent) {
            messages_.detail(fmt::format("subvolume {} ({}): {} sent", sent.id, printable(sent.name),
                                         plural(sent.stream_bytes, "byte")));
        }
        tell_skipped(report);
    }

    void tell_skipped(const send::Report& report) {
        for (const auto& skipped : report.skipped) {
            const auto path = skipped.path.empty() ? "items of the subvolume" : printable(skipped.path);
            const auto bytes = skipped.file_offset ? fmt::format("bytes {} to {}: ", *skipped.file_offset,
                                                                 *skipped.file_offset + skipped.length)
                                                   : "";
            messages_.error(fmt::format("skipped: {}: {}{}", path, bytes, skipped.why));
        }
        if (report.skipped_count > report.skipped.size()) {
            messages_.error(fmt::format("skipped: {} more", report.skipped_count - report.skipped.size()));
        }
    }

    /// What is wrong with the host names its file; all else is of the image.
    std::string failure_text(const Error& error) const {
        if (error.kind == ErrorKind::io) {
            return error.message;
        }
        auto image = printable(images_.front().name);
        if (!flags_.parent_images.empty()) {
            image += " against " + printable(parent_images_.front().name);
        }
        return fmt::format("{}: {}", image, error.message);
    }

    std::string whole_or_not(bool has_begun) const {
        if (!has_begun) {
            return "";
        }
        return flags_.file ? fmt::format("; the stream in {} is not whole", printable(*flags_.file))
                           : "; the stream is not whole";
    }

    void print(const std::string& text) {
        if (const auto written = io_.out.write(text); !written) {
            messages_.error(written.error());
        }
    }

    const SendFlags& flags_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
    Damages damages_;
    std::vector<ImagePlace> images_;
    std::vector<ImagePlace> parent_images_;
    std::size_t begun_count_ = 0;
    std::optional<send::Report> report_; ///< where a stream was sent
};

} // namespace

int run_send(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-send",
                      .operands = "IMAGE SUBVOLUME...",
                      .summary = "Write snapshots of a btrfs, by path or id, as a stream for `btrfs receive`.",
                      .libraries = compression_libraries()});
    SendFlags flags;
    if (const auto status = read_send_flags(line, arguments, io, flags)) {
        return *status;
    }
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    return Run(flags, progress, messages, io).run();
}

} // namespace btrkit::apps
