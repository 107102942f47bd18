// SPDX-License-Identifier: MIT
#include "apps/dump_super/dump_super.h"

#include "apps/common/command_line.h"
#include "apps/common/document.h"
#include "apps/common/find_image.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/open_images.h"
#include "apps/dump_super/report_json.h"
#include "libfs/base/names.h"
#include "libfs/render/superblock_text.h"
#include "libfs/volume/sys_chunk_array.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Flags {
    std::vector<std::string> images;
    OutputFormat format = OutputFormat::text;
    bool full = false;
    bool all = false;
    bool force = false;
    std::optional<dump_super::Choice> choice; ///< what the last of -a, -s, -i and --bytenr said
};

dump_super::Choice mirror_or_offset(u64 number) {
    if (number < btrfs::superblock_offsets.size()) {
        return dump_super::OneMirror{static_cast<unsigned>(number)};
    }
    return dump_super::AtOffset{number};
}

/// Reads the arguments; a status means that there is nothing more to do.
std::optional<int> read_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, Flags& flags) {
    std::optional<u64> super;
    std::optional<u64> old_super;
    std::optional<u64> offset;
    auto& app = line.app();
    app.add_flag("-f,--full", flags.full, "also print the system chunks and the backup roots");
    const auto* all = app.add_flag("-a,--all", flags.all, "print all mirrors that fit into the device");
    const auto* with_super = line.add_number("-s,--super", super, "print this mirror: 0 (default), 1 or 2");
    const auto* with_old = line.add_number("-i", old_super, "older spelling of -s")->group("");
    const auto* with_offset = line.add_size("--bytenr", offset, "print what stands at this offset of the device");
    app.add_flag("-F,--force", flags.force, "print even what has not the magic of a superblock");
    line.add_images(flags.images);
    line.add_format(flags.format);
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    if (old_super && *old_super >= btrfs::superblock_offsets.size()) {
        return line.wrong_usage(io, fmt::format("-i: there is no mirror {}, only 0 to 2", *old_super));
    }
    for (const auto* option : app.parse_order()) {
        if (option == all) {
            flags.choice = dump_super::AllMirrors{};
        } else if (option == with_super) {
            flags.choice = mirror_or_offset(*super);
        } else if (option == with_old) {
            flags.choice = mirror_or_offset(*old_super);
        } else if (option == with_offset) {
            flags.choice = dump_super::AtOffset{*offset};
        }
    }
    return std::nullopt;
}

void complain_of_magic(const dump_super::DeviceReport& device, const SuperblockCopy& copy, Messages& messages) {
    messages.error(fmt::format("{}: no btrfs superblock at offset {}: wrong magic (-F prints it nevertheless)",
                               printable(device.path), copy.offset));
}

/// One copy as text, and on standard error what its text can't say.
void put_copy(TextBuffer& text, const dump_super::DeviceReport& device, const SuperblockCopy& copy, const Flags& flags,
              Messages& messages) {
    if (!dump_super::has_magic(copy) && !flags.force) {
        complain_of_magic(device, copy, messages);
        return;
    }
    put_superblock(text, copy.super, copy.offset, device.path, flags.full);
    if (const auto array = system_chunk_items(copy.super); flags.full && !array.damage.empty()) {
        messages.problem({ProblemCode::sys_array, {.device = device.path, .physical = copy.offset}, array.damage});
    }
    for (const auto& problem : copy.problems) {
        messages.detail(describe(problem));
    }
}

void put_text(TextBuffer& text, const dump_super::Report& report, const Flags& flags, Messages& messages) {
    for (const auto& device : report.devices) {
        for (const auto& copy : device.copies) {
            put_copy(text, device, copy, flags, messages);
        }
        for (const auto& problem : device.differences) {
            if (problem.code == ProblemCode::super_mirror_differs || problem.code == ProblemCode::super_mirror_stale) {
                messages.warning(describe(problem));
            }
        }
    }
}

void put_json(TextBuffer& text, const dump_super::Report& report, const Flags& flags, Messages& messages) {
    text.put(json_text(report_json(report, flags.force)));
    // One mirror without the magic is a finding among others; a device without any superblock is a failure.
    for (const auto& device : report.devices) {
        if (!flags.force && !device.copies.empty() && std::ranges::none_of(device.copies, dump_super::has_magic)) {
            complain_of_magic(device, device.copies.front(), messages);
        }
    }
}

} // namespace

int run_dump_super(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-dump-super",
                      .operands = "IMAGE...",
                      .summary = "Print the superblocks of btrfs devices; by default the first mirror of each."});
    Flags flags;
    if (const auto status = read_flags(line, arguments, io, flags)) {
        return *status;
    }
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    // What is asked for by its offset, or by force, is asked of the image as it is.
    const bool wants_bytes =
        flags.force || (flags.choice && std::holds_alternative<dump_super::AtOffset>(*flags.choice));
    const auto places =
        find_images(flags.images, messages, wants_bytes ? WithoutChoice::whole : WithoutChoice::only_btrfs);
    const auto devices = open_images(places, messages);
    if (devices.empty() || (!wants_bytes && messages.error_count() == 0 && is_no_btrfs(places, messages))) {
        return messages.exit_status();
    }
    const bool json = flags.format == OutputFormat::json;
    const dump_super::Choice all_or_first =
        json ? dump_super::Choice(dump_super::AllMirrors{}) : dump_super::Choice(dump_super::OneMirror{});
    const auto report = dump_super::run(devices, {.choice = flags.choice.value_or(all_or_first)});
    for (const auto& device : report.devices) {
        for (const auto& error : device.errors) {
            messages.error(error);
        }
        for (const auto& problem : device.unreadable) {
            messages.problem(problem);
        }
    }
    TextBuffer text;
    json ? put_json(text, report, flags, messages) : put_text(text, report, flags, messages);
    if (const auto written = io.out.write(text.view()); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
}

} // namespace btrkit::apps
