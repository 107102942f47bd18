// SPDX-License-Identifier: MIT
#include "apps/dump_image/flags.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

namespace {

/// Empty: all is well.
std::string_view what_is_wrong(const DumpImageFlags& flags, const Io& io) {
    if (flags.dump.empty() == flags.restore.empty()) {
        return "either --to or --restore is needed";
    }
    if (flags.dump == "-" && flags.format == OutputFormat::json) {
        return "--format json: standard output has the dump (use --to FILE)";
    }
    if (flags.dump == "-" && io.out_is_terminal) {
        return "standard output is a terminal: dumps are not for eyes (use --to FILE or a pipe)";
    }
    return {};
}

} // namespace

std::optional<int> read_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                              DumpImageFlags& flags) {
    auto& app = line.app();
    bool scramble = false;
    bool raw = false;
    line.add_images(flags.images);
    auto* to = app.add_option("--to", flags.dump, "the file that the dump goes into; - is standard output");
    to->option_text("FILE");
    auto* scrambled = app.add_flag("-s,--scramble", scramble,
                                   "other names for files, subvolumes and attributes; no targets of symlinks, no "
                                   "values of attributes, no label");
    auto* whole = app.add_flag("--raw", raw, "blocks byte for byte, with what small files hold");
    auto* overwrite = app.add_flag("-o,--overwrite", flags.overwrite, "replace FILE if it is there");
    add_roots_flags(line, flags.roots);
    line.begin_group("Back");
    auto* restore = app.add_option("--restore", flags.restore, "make IMAGE... from this dump; - is standard input");
    restore->option_text("DUMP");
    line.add_size("--limit", flags.most_bytes, "write no more than that (default: 256 times the dump, and 1 GiB)");
    line.begin_group("Others");
    line.add_format(flags.format);
    line.add_threads(flags.threads);
    line.add_progress();
    whole->excludes(scrambled);
    for (auto* of_dump : {to, scrambled, whole, overwrite}) {
        restore->excludes(of_dump);
    }
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (const auto wrong = what_is_wrong(flags, io); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    flags.is_restore = !flags.restore.empty();
    flags.privacy = raw        ? dump_image::Privacy::nothing
                    : scramble ? dump_image::Privacy::names
                               : dump_image::Privacy::contents;
    return std::nullopt;
}

} // namespace btrkit::apps
