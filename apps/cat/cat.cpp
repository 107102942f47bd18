// SPDX-License-Identifier: MIT
#include "apps/cat/cat.h"

#include "apps/reading/bad_ranges.h"
#include "apps/reading/reading_flags.h"
#include "libfs/base/names.h"
#include "libfs/fs/file_contents.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

/// What is written for bytes that can't be proven.
enum class Bad : u8 { skip, zero, raw };

struct CatFlags {
    ReadingFlags reading;
    std::optional<u64> offset;
    std::optional<u64> length;
    Bad bad = Bad::zero;
};

Bad parse_bad(const std::string& text) {
    if (text == "skip") {
        return Bad::skip;
    }
    if (text == "zero") {
        return Bad::zero;
    }
    if (text == "raw") {
        return Bad::raw;
    }
    throw CLI::ValidationError("--bad", fmt::format("'{}' is not one of skip, zero or raw", text));
}

Result<void> write_zeros(OutputSink& out, u64 length, const StopToken& stop) {
    static constexpr std::array<char, 64 * kib> zeros{};
    for (u64 left = length; left > 0;) {
        if (stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        const auto part = std::min<u64>(left, zeros.size());
        BTRKIT_TRY(out.write({zeros.data(), part}));
        left -= part;
    }
    return {};
}

class Cat {
public:
    Cat(const CatFlags& flags, const Filesystem& filesystem, const RunContext& context, OutputSink& out,
        ReadingErrors& errors)
        : flags_(flags), filesystem_(filesystem), context_(context), out_(out), errors_(errors),
          contents_(filesystem, context.problems, {.unproven_bytes = flags.bad == Bad::raw}) {}

    /// Fails where the output does, or the user stopped it; all else is told.
    Result<void> write(const std::string& path) {
        const auto start = find_start(filesystem_, flags_.reading, path);
        const auto inode = start ? read_inode(filesystem_, start->place) : std::unexpected(start.error());
        if (!inode) {
            errors_.tell(start ? path : "", inode.error().message);
            return {};
        }
        if (!S_ISREG(inode->mode)) {
            errors_.tell(path, S_ISDIR(inode->mode) ? "is a directory (btrkit-ls lists it)" : "is no regular file");
            return {};
        }
        const u64 from = flags_.offset.value_or(0);
        const u64 end = flags_.length && *flags_.length < ~u64{0} - from ? from + *flags_.length : ~u64{0};
        contents_.open(start->place, *inode, from, end);
        BadRanges bad;
        while (const auto run = contents_.next()) {
            if (context_.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            if (!run->is_good()) {
                bad.add(*run);
            }
            BTRKIT_TRY(write_run(*run));
        }
        bad.tell([&](const std::string& what) { errors_.tell(start->text(), what); });
        return {};
    }

private:
    Result<void> write_run(const ContentRun& run) {
        if (!run.is_good() && flags_.bad == Bad::skip) {
            return {};
        }
        return run.bytes.empty() ? write_zeros(out_, run.length, context_.stop) : out_.write(as_text(run.bytes));
    }

    const CatFlags& flags_;
    const Filesystem& filesystem_;
    const RunContext& context_;
    OutputSink& out_;
    ReadingErrors& errors_;
    FileContents contents_;
};

} // namespace

int run_cat(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = cat_tool,
                      .operands = "IMAGE PATH...",
                      .summary = "Write what files of a btrfs hold, proven by their checksums."});
    CatFlags flags;
    add_reading_operands(line, flags.reading);
    line.begin_group("What is written");
    line.add_size("--offset", flags.offset, "from this byte of each file on");
    line.add_size("--length", flags.length, "so many bytes of each file");
    line.app()
        .add_option_function<std::string>(
            "--bad", [&flags](const std::string& text) { flags.bad = parse_bad(text); },
            "what can't be proven: skip, zero (default) or raw, as it is")
        ->option_text("HOW");
    add_reading_source(line, flags.reading);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (flags.reading.paths.empty()) {
        return line.wrong_usage(io, "PATH is required");
    }
    return ask_reading(
        line, io, flags.reading,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<void> {
            ReadingErrors errors(flags.reading, messages);
            Cat cat(flags, filesystem, context, io.out, errors);
            for (const auto& path : flags.reading.paths) {
                BTRKIT_TRY(cat.write(path));
            }
            return {};
        });
}

} // namespace btrkit::apps
