// SPDX-License-Identifier: MIT
#include "apps/receive/flags.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What is only known until the command line was read.
struct RawFlags {
    std::string compression;
    std::vector<std::string> rest; ///< of the operands: DIR, or more streams
    std::string root_mount;
    std::optional<std::string> created_size;
    std::optional<u64> max_errors;
    bool dump = false;
    bool verify = false;
    bool chroot = false;
};

void declare(CommandLine& line, ReceiveFlags& flags, RawFlags& raw) {
    auto& app = line.app();
    auto& receive = flags.receive;
    line.begin_group("The streams");
    app.add_option("-f", flags.files, "read FILE instead of standard input; repeatable, parents first or not")
        ->option_text("FILE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    app.add_flag("-e", receive.ends_at_end, "end with the first 'end' of each input");
    app.add_flag("--dump", raw.dump, "print the stream, a line a command, without any image");
    app.add_flag("--verify", raw.verify, "tell whether the streams are sound, without any image");
    line.begin_group("What becomes of them");
    app.add_flag("--force-decompress", receive.force_decompress, "store uncompressed what comes compressed");
    app.add_option("--compress", raw.compression, "compress what comes uncompressed")->option_text("ALGO[:LEVEL]");
    app.add_flag("--partial", receive.keeps_partial, "keep what came before a failure, as a writable subvolume");
    line.add_number("-E,--max-errors", raw.max_errors, "go on until N commands failed (1; 0: always); as --partial");
    app.add_flag("--commit-each", receive.commits_each, "a commit for each subvolume, instead of one for all");
    app.add_flag("--force-parent", receive.force_parent, "take parents that may have changed");
    app.add_option("--create", raw.created_size, "make the filesystem first, in a new or empty file")
        ->option_text("SIZE|auto");
    app.add_flag("-C,--chroot", raw.chroot, "of btrfs receive; nothing can lead out here anyway");
    app.add_option("-m", raw.root_mount, "of btrfs receive; nothing is mounted here")->option_text("ROOTMOUNT");
    line.begin_group("Others");
    add_write_flags(line, flags.write);
    app.get_option("IMAGE")->required(false);
    app.add_option("DIR", raw.rest, "where the subvolumes are made");
}

ReceiveFlags::Work work_of(const RawFlags& raw) {
    if (raw.dump) {
        return ReceiveFlags::Work::dump;
    }
    return raw.verify ? ReceiveFlags::Work::verify : ReceiveFlags::Work::receive;
}

void read_creation(ReceiveFlags& flags, const RawFlags& raw) {
    flags.creates = raw.created_size.has_value();
    if (flags.creates && *raw.created_size != "auto") {
        flags.created_bytes = parse_size(*raw.created_size);
    }
}

std::string what_is_wrong_with_creation(const ReceiveFlags& flags, const RawFlags& raw) {
    if (*raw.created_size != "auto") {
        return flags.created_bytes ? "" : fmt::format("--create: '{}' is no size", printable(*raw.created_size));
    }
    return std::ranges::find(flags.files, "-") != flags.files.end()
               ? "--create auto reads the streams twice: name them with -f FILE"
               : "";
}

/// Empty: all is well.
std::string what_is_wrong(const ReceiveFlags& flags, const RawFlags& raw) {
    using Work = ReceiveFlags::Work;
    if (raw.dump && raw.verify) {
        return "--dump and --verify are two things";
    }
    if (flags.work == Work::receive && flags.write.images.empty()) {
        return "IMAGE is required";
    }
    if (flags.work == Work::dump && flags.files.size() != 1) {
        return "one stream at a time is dumped";
    }
    if (flags.work == Work::receive && raw.rest.size() > 1) {
        return fmt::format("one DIR, and no '{}' behind it", printable(raw.rest[1]));
    }
    if (const auto method = parse_compression(raw.compression); !raw.compression.empty() && !method) {
        return "--compress: " + method.error().message;
    }
    if (flags.receive.commits_each && !flags.write.undo_path.empty()) {
        return "--undo leads back over one commit: not with --commit-each";
    }
    return flags.creates ? what_is_wrong_with_creation(flags, raw) : std::string();
}

} // namespace

std::optional<int> read_receive_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                      ReceiveFlags& flags) {
    RawFlags raw;
    declare(line, flags, raw);
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    flags.work = work_of(raw);
    if (flags.work != ReceiveFlags::Work::receive) {
        // As files may be named as operands: where no image is, there is nothing else.
        flags.files.insert(flags.files.end(), flags.write.images.begin(), flags.write.images.end());
        flags.files.insert(flags.files.end(), raw.rest.begin(), raw.rest.end());
    }
    if (flags.files.empty()) {
        flags.files.emplace_back("-");
    }
    read_creation(flags, raw);
    if (const auto wrong = what_is_wrong(flags, raw); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    if (!raw.compression.empty()) {
        flags.receive.compression = *parse_compression(raw.compression);
    }
    flags.receive.max_errors = raw.max_errors.value_or(1);
    flags.receive.directory = raw.rest.empty() ? "/" : raw.rest.front();
    return std::nullopt;
}

} // namespace btrkit::apps
