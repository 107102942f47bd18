// SPDX-License-Identifier: MIT
#include "apps/subvolume/change.h"

#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/fresh_values.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/open_writable.h"
#include "apps/common/stop_signals.h"
#include "apps/common/tell_devices.h"
#include "apps/common/writable_members.h"
#include "apps/subvolume/script.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/base/names.h"
#include "libfs/ops/subvolume/change.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr u64 default_memory_bytes = 256 * mib;

/// What all of them have.
struct WriteFlags {
    std::vector<std::string> images;
    bool dry_run = false;
    bool no_proof = false;
    std::string undo_path;
    std::optional<u64> memory_bytes;
};

void add_write_flags(CommandLine& line, WriteFlags& flags) {
    line.add_one_image(flags.images);
    line.app().add_flag("-n,--dry-run", flags.dry_run, "do all but write: what would fail, fails");
    line.app()
        .add_option("--undo", flags.undo_path, "save what btrkit-undo needs to bring the old state back")
        ->option_text("FILE");
    line.app().add_flag("--no-proof", flags.no_proof, "don't check the changed filesystem before it is written");
    line.add_size("--memory", flags.memory_bytes, "what new blocks and the proof may take (256M)");
}

class ChangeRun {
public:
    ChangeRun(const WriteFlags& flags, Messages& messages, Io& io) : flags_(flags), messages_(messages), io_(io) {}

    int run(std::span<const subvolume::Command> commands) {
        const auto places = find_images(flags_.images, messages_);
        if (messages_.error_count() > 0 || !are_unused(places, "nothing is changed while it is in use", messages_)) {
            return exit_failed;
        }
        auto images = open_writable(places, messages_);
        if (messages_.error_count() > 0 || is_no_btrfs(places, messages_)) {
            return exit_failed;
        }
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
        if (filesystem) {
            tell_devices(*filesystem, messages_);
        }
        const auto report = filesystem ? change(*filesystem, writable_members(*filesystem, writable), commands)
                                       : std::unexpected(filesystem.error());
        if (!report) {
            messages_.error(fmt::format("{}: {}", printable(flags_.images.front()), report.error().message));
            return report.error().kind == ErrorKind::usage ? exit_usage : exit_failed;
        }
        tell(*report);
        return messages_.exit_status();
    }

private:
    Result<commit::Report> change(const Filesystem& filesystem, const WritableDevices& devices,
                                  std::span<const subvolume::Command> commands) const {
        const StopSignals signals;
        const u64 memory_bytes = flags_.memory_bytes.value_or(default_memory_bytes);
        constexpr u64 most_bytes = std::numeric_limits<std::size_t>::max();
        const auto cache_bytes = static_cast<std::size_t>(std::min(memory_bytes / 4, most_bytes));
        const auto spill_directory = std::filesystem::temp_directory_path().string();
        const subvolume::ChangeOptions options = {
            .commit = {.is_dry_run = flags_.dry_run, .is_proven = !flags_.no_proof, .undo_path = flags_.undo_path},
            .transaction = {.room = {.memory_bytes = memory_bytes / 2, .spill_directory = spill_directory},
                            .cache_bytes = cache_bytes,
                            .waiting_bytes = cache_bytes / 4},
            .now = current_time(),
            .new_uuid = random_uuid};
        return subvolume::run(filesystem, devices, commands, options,
                              {.stop = signals.token(), .memory_bytes = memory_bytes});
    }

    void tell(const commit::Report& report) {
        if (messages_.verbosity() == Verbosity::quiet) {
            return;
        }
        const auto text = report.is_committed
                              ? fmt::format("generation {} is now {}\n", report.old_generation, report.new_generation)
                              : std::string("nothing was written: a dry run, all of it would succeed\n");
        if (const auto written = io_.out.write(text); !written) {
            messages_.error(written.error());
        }
    }

    const WriteFlags& flags_;
    Messages& messages_;
    Io& io_;
};

Result<std::string> read_script(const std::string& path) {
    if (path == "-") {
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    return file ? Result<std::string>(std::move(text))
                : fail(ErrorKind::io, fmt::format("{}: cannot be read", printable(path)));
}

int run_commands(const CommandLine& line, const WriteFlags& flags, std::span<const subvolume::Command> commands,
                 Io& io) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    return ChangeRun(flags, messages, io).run(commands);
}

} // namespace

int run_change_verb(const ChangeVerb& verb, std::span<const std::string> arguments, Io& io) {
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
