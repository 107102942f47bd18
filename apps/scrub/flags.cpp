// SPDX-License-Identifier: MIT
#include "apps/scrub/flags.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

namespace {

/// What is not an option of its own, but only known until the command line was read.
struct RawFlags {
    std::optional<u64> limit;
    std::optional<u64> memory;
    std::optional<u64> io_class;
    std::optional<u64> io_data;
    bool read_only = false;
    bool forces = false;
    bool ignored = false;
};

void declare_mending(CommandLine& line, ScrubFlags& flags) {
    line.begin_group("Mending");
    auto& app = line.app();
    app.add_flag("--repair", flags.repair, "write bad copies anew from good ones; else nothing is written");
    app.add_flag("--dry-run", flags.dry_run, "tell what --repair would do and write nothing");
    app.add_option("--donor", flags.donors, "a file, folder or image with what is lost; repeatable")
        ->option_text("PATH")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void declare_reading(CommandLine& line, ScrubFlags& flags, RawFlags& raw) {
    line.begin_group("What is read");
    auto& app = line.app();
    line.add_super(flags.volume.super_mirror);
    line.add_number("--devid", flags.scrub.devid, "only what lies on this device");
    line.add_size("--limit", raw.limit, "read so many bytes a second at most; 0: no limit");
    app.add_option("--state", flags.state, "remember there how far it is, until it is finished")->option_text("FILE");
    app.add_flag("--resume", flags.resume, "go on where the state file says");
    line.add_size("--memory", raw.memory, "how much to use, roughly (default 64m)");
    line.begin_group("What is printed");
    app.add_flag("-d", flags.per_device, "print what each device has");
    app.add_flag("-R", flags.raw, "print all counters instead of a summary");
}

void declare_the_peers(CommandLine& line, RawFlags& raw) {
    line.begin_group("As btrfs scrub has them");
    auto& app = line.app();
    app.add_flag("-r", raw.read_only, "as always without --repair: nothing is written");
    app.add_flag("-B", raw.ignored, "as always: in the foreground");
    line.add_number("-c", raw.io_class, "accepted, changes nothing");
    line.add_number("-n", raw.io_data, "accepted, changes nothing");
    app.add_flag("-f", raw.forces, "refused: there is nothing that could be forced");
}

/// What contradicts itself or is out of range; empty: all is well.
std::string what_is_wrong(const ScrubFlags& flags, const RawFlags& raw) {
    if (raw.forces) {
        return "-f: nothing can be forced: no scrub runs in the background, and what is in use is never scrubbed";
    }
    if (raw.read_only && flags.repair) {
        return "-r excludes --repair";
    }
    if (flags.resume && !flags.state) {
        return "--resume needs --state FILE";
    }
    if (flags.state && flags.state->empty()) {
        return "--state: a path is needed";
    }
    return {};
}

} // namespace

std::optional<int> read_scrub_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                    ScrubFlags& flags) {
    RawFlags raw;
    declare_mending(line, flags);
    declare_reading(line, flags, raw);
    line.add_format(flags.format);
    line.begin_group("Others");
    line.add_images(flags.images);
    line.add_threads(flags.parallelism.threads);
    declare_the_peers(line, raw);
    line.add_progress();
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (const auto wrong = what_is_wrong(flags, raw); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    flags.limit_bytes_per_second = raw.limit.value_or(0);
    flags.memory_bytes = raw.memory.value_or(flags.memory_bytes);
    return std::nullopt;
}

} // namespace btrkit::apps
