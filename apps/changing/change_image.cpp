// SPDX-License-Identifier: MIT
#include "apps/changing/change_image.h"

#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/open_writable.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "apps/common/tell_devices.h"
#include "apps/common/writable_members.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr u64 default_memory_bytes = 256 * mib;

/// The proof has its part while all else is still there.
u64 proof_bytes(u64 memory_bytes) {
    return memory_bytes / 4;
}

TransactionOptions transaction_options(u64 memory_bytes, Parallelism parallelism) {
    constexpr u64 most_bytes = std::numeric_limits<std::size_t>::max();
    const auto cache_bytes = static_cast<std::size_t>(std::min(memory_bytes / 8, most_bytes));
    return {.room = {.memory_bytes = memory_bytes / 8 * 3,
                     .spill_directory = std::filesystem::temp_directory_path().string()},
            .cache_bytes = cache_bytes,
            .waiting_bytes = cache_bytes / 2,
            .parallelism = parallelism};
}

class ChangeRun {
public:
    ChangeRun(const WriteFlags& flags, const ImageChange& change, ProgressDisplay& progress, Messages& messages, Io& io)
        : flags_(flags), change_(change), progress_(progress), messages_(messages), io_(io) {}

    int run() {
        const auto places = find_images(flags_.images, messages_);
        if (messages_.error_count() > 0 || !are_unused(places, "nothing is changed while it is in use", messages_)) {
            return exit_failed;
        }
        auto images = open_writable(places, messages_);
        if (messages_.error_count() > 0 || is_no_btrfs(places, messages_)) {
            return exit_failed;
        }
        if (const auto prepared = change_.prepare ? change_.prepare(images) : Result<void>{}; !prepared) {
            return tell_failure(prepared.error());
        }
        std::vector<std::optional<u64>> devids;
        if (const auto failed = change_opened(images, devids)) {
            return *failed;
        }
        if (const auto finished = change_.finish ? change_.finish(images, devids) : Result<void>{}; !finished) {
            messages_.error(finished.error());
        }
        if (change_.tell_rest) {
            change_.tell_rest(messages_);
        }
        return messages_.exit_status();
    }

private:
    /// nullopt: all went well. devids: of each image.
    std::optional<int> change_opened(std::span<WritableImage> images, std::vector<std::optional<u64>>& devids) {
        std::vector<std::unique_ptr<BlockDevice>> devices;
        std::vector<WritableDevice*> writable;
        for (auto& image : images) {
            auto device = std::move(image).take_device();
            writable.push_back(device.get());
            devices.push_back(std::move(device));
        }
        Damages damages(messages_);
        const auto filesystem =
            Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { damages.tell(problem); });
        damages.finish();
        if (!filesystem) {
            return tell_failure(filesystem.error());
        }
        tell_devices(*filesystem, messages_);
        const auto members = writable_members(*filesystem, writable);
        for (const auto* device : writable) {
            const auto member =
                std::ranges::find_if(members, [&](const auto& entry) { return entry.second == device; });
            devids.push_back(member == members.end() ? std::nullopt : std::optional(member->first));
        }
        const auto report = change(*filesystem, members);
        progress_.finish();
        if (!report) {
            return tell_failure(report.error());
        }
        print(*filesystem, *report);
        return std::nullopt;
    }

    Result<commit::Report> change(const Filesystem& filesystem, const WritableDevices& devices) {
        const StopSignals signals;
        const u64 memory_bytes = flags_.memory_bytes.value_or(default_memory_bytes);
        return change_.run({
            .filesystem = filesystem,
            .devices = devices,
            .commit = {.is_dry_run = flags_.dry_run, .is_proven = !flags_.no_proof, .undo_path = flags_.undo_path},
            .transaction = transaction_options(memory_bytes, flags_.parallelism),
            .context = {.parallelism = flags_.parallelism,
                        .progress = Progress(progress_),
                        .stop = signals.token(),
                        .memory_bytes = proof_bytes(memory_bytes)},
            .messages = messages_,
            .err = progress_.err(),
        });
    }

    int tell_failure(const Error& error) {
        messages_.error(fmt::format("{}: {}", printable(flags_.images.front()), error.message));
        return error.kind == ErrorKind::usage ? exit_usage : exit_failed;
    }

    void print(const Filesystem& before, const commit::Report& report) {
        const bool is_json = flags_.format == OutputFormat::json;
        if (!is_json && messages_.verbosity() == Verbosity::quiet) {
            return;
        }
        if (const auto written = io_.out.write(is_json ? json_of(before, report) : text_of(report)); !written) {
            messages_.error(written.error());
        }
    }

    std::string text_of(const commit::Report& report) const {
        std::string text = change_.text ? change_.text() : "";
        if (report.is_committed) {
            return text + fmt::format("generation {} is now {}\n", report.old_generation, report.new_generation);
        }
        if (change_.nothing_text) {
            return text + change_.nothing_text();
        }
        return text + (flags_.dry_run ? "nothing was written: a dry run, all of it would succeed\n"
                                      : "nothing was written: there is nothing to be done\n");
    }

    std::string json_of(const Filesystem& before, const commit::Report& report) const {
        Json document = begin_document(change_.document);
        document["images"] = texts_json("path", flags_.images);
        document["filesystem"] = filesystem_json(&before.super());
        document["missing_devices"] = missing_devids(before);
        document["old_generation"] = report.old_generation;
        document["new_generation"] = report.new_generation;
        document["dry_run"] = flags_.dry_run;
        if (report.is_committed && !flags_.undo_path.empty()) {
            set_text(document, "undo_file", flags_.undo_path);
        } else {
            document["undo_file"] = nullptr;
            document["undo_file_hex"] = nullptr;
        }
        document["new_block_bytes"] = report.block_bytes;
        document["used_bytes_change"] = report.used_bytes_change;
        if (change_.add_members) {
            change_.add_members(document);
        }
        return json_text(document);
    }

    const WriteFlags& flags_;
    const ImageChange& change_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
};

} // namespace

int change_image(const CommandLine& line, Io& io, const WriteFlags& flags, const ImageChange& change) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    return ChangeRun(flags, change, progress, messages, io).run();
}

} // namespace btrkit::apps
