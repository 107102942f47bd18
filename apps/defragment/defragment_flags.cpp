// SPDX-License-Identifier: MIT
#include "apps/defragment/defragment_flags.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// So many files does --report tell of, unless it says how many.
constexpr u64 usual_files = 50;

constexpr std::string_view usual_compression = "zlib";

/// As they stand on the command line.
struct RawFlags {
    std::optional<std::string> compress; ///< -c, perhaps without an algorithm
    std::optional<int> level;
    bool decompress = false;
    std::string recompress;
    std::optional<u64> start;
    std::optional<u64> length_bytes;
    std::optional<u64> threshold_bytes;
    std::optional<u64> step_bytes;
    std::optional<u64> limit_bytes;
    bool report = false;
    std::optional<u64> most_files;
    bool flushes = false;
};

void declare(CommandLine& line, DefragmentFlags& flags, RawFlags& raw) {
    auto& app = line.app();
    add_write_flags(line, flags.write);
    app.add_option("PATH", flags.options.selection.paths, "files in it; none: all of all subvolumes");
    line.begin_group("What is laid out");
    app.add_flag("-r", flags.options.selection.is_recursive, "directories with all files below, but for subvolumes");
    line.add_size("-s", raw.start, "of each file: from that byte on");
    line.add_size("-l", raw.length_bytes, "of each file: so many bytes");
    line.add_size("-t", raw.threshold_bytes, "extents as large as that are left alone");
    app.add_flag("--whole", flags.options.keeps_views, "what a snapshot sees as one extent stays one: less metadata");
    app.add_flag("--report", raw.report, "a dry run that tells of the most fragmented files");
    line.add_number("--files", raw.most_files, "so many of them (50)");
    line.begin_group("How");
    app.add_option("--recompress", raw.recompress, "pack data like that where that pays: zstd, zlib, lzo; or none")
        ->option_text("ALGO[:LEVEL]");
    app.add_option("-c", raw.compress, "the same, as the peer spells it: -c (zlib), -czstd")->option_text("[ALGO]");
    app.add_option("-L,--level", raw.level, "of -c")->option_text("N");
    app.add_flag("--nocomp", raw.decompress, "unpack all: --recompress none");
    line.add_size("--limit", raw.limit_bytes, "of data moved in one commit, whose old place is then free");
    line.add_size("--step", raw.step_bytes, "as the peer: has no effect");
    app.add_flag("-f", raw.flushes, "as the peer: has no effect, all is flushed");
}

/// Empty: none is asked for.
Result<std::string> wanted_compression(const RawFlags& raw) {
    if ((raw.compress ? 1 : 0) + (raw.decompress ? 1 : 0) + (raw.recompress.empty() ? 0 : 1) > 1) {
        return fail(ErrorKind::usage, "-c, --nocomp and --recompress exclude each other");
    }
    if (raw.level && !raw.compress) {
        return fail(ErrorKind::usage, "-L is for -c");
    }
    if (raw.decompress || raw.recompress == "none") {
        return std::string("no");
    }
    if (!raw.compress) {
        return raw.recompress;
    }
    return raw.level ? fmt::format("{}:{}", *raw.compress, *raw.level) : *raw.compress;
}

Result<void> read(const RawFlags& raw, DefragmentFlags& flags) {
    auto& options = flags.options;
    BTRKIT_TRY_ASSIGN(const auto compression, wanted_compression(raw));
    if (!compression.empty()) {
        BTRKIT_TRY_ASSIGN(options.recompress, parse_compression(compression));
    }
    options.threshold_bytes = raw.threshold_bytes.value_or(options.threshold_bytes);
    options.limit_bytes = raw.limit_bytes.value_or(options.limit_bytes);
    auto& selection = options.selection;
    selection.bytes = range_from(raw.start.value_or(0), raw.length_bytes.value_or(~u64{0}));
    if (!selection.is_everything() && selection.paths.empty()) {
        return fail(ErrorKind::usage, "-s and -l are of files: name them");
    }
    options.most_files = raw.report ? raw.most_files.value_or(usual_files) : 0;
    flags.write.dry_run = flags.write.dry_run || raw.report;
    return {};
}

/// The peer's -c has its value in the same argument, or none: what stands behind it is never its value.
std::vector<std::string> with_value_of_c(std::span<const std::string> arguments) {
    std::vector<std::string> all(arguments.begin(), arguments.end());
    for (auto& argument : all) {
        if (argument == "--") {
            break;
        }
        argument = argument == "-c" ? fmt::format("-c{}", usual_compression) : argument;
    }
    return all;
}

} // namespace

std::optional<int> read_defragment_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                         DefragmentFlags& flags) {
    RawFlags raw;
    declare(line, flags, raw);
    if (const auto status = line.parse(with_value_of_c(arguments), io)) {
        return status;
    }
    if (const auto done = read(raw, flags); !done) {
        return line.wrong_usage(io, done.error().message);
    }
    return std::nullopt;
}

} // namespace btrkit::apps
