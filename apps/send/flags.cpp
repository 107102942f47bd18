// SPDX-License-Identifier: MIT
#include "apps/send/flags.h"

#include "formats/send/stream.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What is not an option of its own, but only known until the command line was read.
struct RawFlags {
    std::optional<u64> version;
    std::string file = "-";
};

void add_each(CLI::App& app, const std::string& names, std::vector<std::string>& values, const std::string& kind,
              const std::string& what) {
    app.add_option(names, values, what)
        ->option_text(kind)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void declare_own(CommandLine& line, SendFlags& flags, RawFlags& raw) {
    auto& app = line.app();
    auto& send = flags.send;
    line.begin_group("What is sent");
    app.add_option("-p", send.parent, "send what has changed since this snapshot")->option_text("PARENT");
    add_each(app, "-c", send.clone_sources, "CLONE-SRC", "a snapshot to clone from; repeatable");
    add_each(app, "--parent-image", flags.parent_images, "FILE", "where PARENT lies, if elsewhere; repeatable");
    app.add_flag("--allow-writable", send.allow_writable, "what is not read-only too: the image is at rest");
    app.add_flag("--skip-errors", send.skip_errors, "leave out what can't be read; status 1");
    line.begin_group("The stream");
    app.add_flag("-e", send.omit_end, "one stream of all: one header, one end");
    app.add_option("-f", raw.file, "write to FILE; - is standard output, the default")->option_text("FILE");
    app.add_flag("--no-data", send.no_data, "which parts of files are written, but not with what");
    line.add_number("--proto", raw.version, "version of the stream: 1 (default), 2 or 3; 0 is 2");
    app.add_flag("--compressed-data", send.compressed_data, "compressed data as it is; from version 2 on");
    app.add_flag("--dry-run", send.dry_run, "write no stream: print what has changed, and its size");
}

/// What contradicts itself or is out of range; empty: all is well.
std::string what_is_wrong(const SendFlags& flags, const RawFlags& raw) {
    constexpr u64 newest = btrfs::send::newest_version;
    if (raw.version.value_or(0) > newest) {
        return fmt::format("--proto: there is no version {}, only 1 to {}, and 0 for {}", *raw.version, newest,
                           btrfs::send::newest_settled_version);
    }
    if (raw.version == 1 && flags.send.compressed_data) {
        return "--compressed-data: version 1 of the stream has none (use --proto 2)";
    }
    if (!flags.parent_images.empty() && !flags.send.parent) {
        return "--parent-image needs -p PARENT";
    }
    if (raw.file.empty()) {
        return "-f: a path is needed";
    }
    if (flags.format == OutputFormat::json && !flags.file && !flags.send.dry_run) {
        return "--format json: standard output has the stream (use -f FILE or --dry-run)";
    }
    return {};
}

u32 version_of(const SendFlags& flags, const RawFlags& raw) {
    if (!raw.version) {
        return flags.send.compressed_data ? 2 : btrfs::send::oldest_version;
    }
    return *raw.version == 0 ? btrfs::send::newest_settled_version : static_cast<u32>(*raw.version);
}

} // namespace

std::optional<int> read_send_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                   SendFlags& flags) {
    RawFlags raw;
    declare_own(line, flags, raw);
    line.begin_group("Others");
    line.add_super(flags.volume.super_mirror);
    line.add_one_image(flags.images);
    line.app().add_option("SUBVOLUME", flags.send.subvolumes)->required();
    line.add_format(flags.format);
    line.add_threads(flags.parallelism.threads);
    line.add_progress("--progress");
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (raw.file != "-") {
        flags.file = raw.file;
    }
    if (const auto wrong = what_is_wrong(flags, raw); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    if (io.out_is_terminal && !flags.file && !flags.send.dry_run) {
        return line.wrong_usage(io, "standard output is a terminal: streams are not for eyes (use -f FILE or a pipe)");
    }
    flags.send.version = version_of(flags, raw);
    flags.send.wants_total = line.progress_style(io) != ProgressStyle::off;
    return std::nullopt;
}

} // namespace btrkit::apps
