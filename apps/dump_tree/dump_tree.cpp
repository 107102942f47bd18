// SPDX-License-Identifier: MIT
#include "apps/dump_tree/dump_tree.h"

#include "apps/common/command_line.h"
#include "apps/common/document.h"
#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/open_images.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "apps/common/tell_devices.h"
#include "apps/common/version.h"
#include "libfs/base/names.h"
#include "libfs/ops/dump/dump_tree.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Flags {
    std::vector<std::string> images;
    OutputFormat format = OutputFormat::text;
    Parallelism parallelism;
    VolumeOptions volume;
    dump_tree::Options dump;
};

/// An option that may be given several times, each value through parse.
template <class Value, class Parse>
CLI::Option* add_each(CLI::App& app, const std::string& names, std::vector<Value>& values, const std::string& kind,
                      const std::string& what, Parse parse) {
    const auto store = [&values, names, kind, parse](const std::string& text) {
        const auto value = parse(text);
        if (!value) {
            throw CLI::ValidationError(names, fmt::format("'{}' is no {}", text, kind));
        }
        values.push_back(*value);
    };
    return app.add_option_function<std::string>(names, store, what)->trigger_on_parse();
}

/// set(key) is told the key.
template <class Set>
void add_key(CLI::App& app, const std::string& name, const btrfs::Key& fill, const std::string& what, Set set) {
    const auto store = [name, fill, set](const std::string& text) {
        const auto parsed = parse_key(text, fill);
        if (!parsed) {
            throw CLI::ValidationError(name, fmt::format("'{}' is no key: OBJECTID[,TYPE[,OFFSET]]", text));
        }
        set(*parsed);
    };
    app.add_option_function<std::string>(name, store, what)->option_text("KEY");
}

void add_selection(CLI::App& app, dump_tree::Options& dump) {
    app.add_flag("-e,--extents", dump.extents, "only the extent and device trees");
    app.add_flag("-d,--device", dump.devices, "only the root, chunk and device trees");
    app.add_flag("-u,--uuid", dump.uuids, "only the uuid tree");
    app.add_flag("-r,--roots", dump.roots, "only where the roots of the trees are");
    app.add_flag("-R,--backups", dump.backups, "the same, and the backup roots");
    add_each(app, "-t,--tree", dump.trees, "tree", "only this tree, by number or name; repeatable", parse_tree_id)
        ->option_text("ID");
    add_each(app, "-b,--block", dump.blocks, "number", "only the block at this address; repeatable",
             [](const std::string& text) { return parse_number(text); })
        ->option_text("N");
    app.add_flag("--follow", dump.follow, "with -b: and its children");
    app.add_flag("--copies", dump.copies, "with -b: each copy, good or bad");
    app.add_option("--path", dump.path, "only the items of this file or directory")->option_text("PATH");
    add_key(app, "--from", btrfs::Key::min(), "only items from OBJECTID[,TYPE[,OFFSET]] on",
            [&dump](const btrfs::Key& key) { dump.keys.first = key; });
    add_key(app, "--to", btrfs::Key::max(), "only items up to this key",
            [&dump](const btrfs::Key& key) { dump.keys.end = KeyRange::through({}, key).end; });
}

void add_form(CLI::App& app, dump_tree::Options& dump) {
    const auto set_order = [&dump](WalkOrder order) { return [&dump, order] { dump.order = order; }; };
    app.add_flag_callback("--bfs", set_order(WalkOrder::breadth_first), "level by level (default)")->trigger_on_parse();
    app.add_flag_callback("--dfs", set_order(WalkOrder::depth_first), "every node before its children")
        ->trigger_on_parse();
    app.add_flag("--hide-names", dump.hide_names, "print HIDDEN for names and xattrs");
    app.add_flag("--csum-headers", dump.csum_headers, "print the stored checksum of each block");
    app.add_flag("--csum-items", dump.csum_items, "print every checksum of checksum items");
}

dump_tree::Format form_of(OutputFormat format) {
    switch (format) {
    case OutputFormat::json: return dump_tree::Format::json;
    case OutputFormat::lines: return dump_tree::Format::lines;
    case OutputFormat::text: break;
    }
    return dump_tree::Format::text;
}

std::string first_line(OutputFormat format) {
    if (format != OutputFormat::json) {
        return fmt::format("btrkit v{}", version());
    }
    auto line = json_line(begin_document({.tool = "btrkit-dump-tree", .name = "dump-tree", .version = 2}));
    line.pop_back();
    return line;
}

/// What no single option shows to be wrong; empty if nothing is.
std::string_view contradiction(const Flags& flags) {
    const auto& dump = flags.dump;
    if (flags.dump.roots && flags.format == OutputFormat::lines) {
        return "-r and -R have no form of lines, only text and json";
    }
    if (dump.path && (!dump.trees.empty() || !dump.blocks.empty())) {
        return "--path names its tree: it goes without -t and -b";
    }
    if (dump.copies && (dump.blocks.empty() || dump.follow)) {
        return "--copies goes with -b, and without --follow";
    }
    if (dump.copies && flags.format == OutputFormat::lines) {
        return "--copies has no form of lines, only text and json";
    }
    if (dump.keys.is_empty()) {
        return "--to lies before --from";
    }
    return {};
}

std::optional<int> read_flags(CommandLine& line, std::span<const std::string> arguments, Io& io, Flags& flags) {
    line.begin_group("Which trees");
    add_selection(line.app(), flags.dump);
    line.begin_group("Which form");
    line.add_format(flags.format, true);
    add_form(line.app(), flags.dump);
    line.begin_group("Others");
    line.add_images(flags.images);
    line.app().add_flag_callback("--noscan", [] {}, "as always: nothing is ever scanned");
    line.add_super(flags.volume.super_mirror);
    line.add_threads(flags.parallelism.threads);
    if (const auto status = line.parse(arguments, io)) {
        return status;
    }
    flags.dump.roots = flags.dump.roots || flags.dump.backups;
    flags.dump.format = form_of(flags.format);
    flags.dump.first_line = first_line(flags.format);
    if (const auto what = contradiction(flags); !what.empty()) {
        return line.wrong_usage(io, what);
    }
    return std::nullopt;
}

} // namespace

int run_dump_tree(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-dump-tree",
                      .operands = "IMAGE...",
                      .summary = "Print the trees of a btrfs filesystem; by default all of them."});
    Flags flags;
    if (const auto status = read_flags(line, arguments, io, flags)) {
        return *status;
    }
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const auto places = find_images(flags.images, messages);
    auto devices = open_images(places, messages);
    if (devices.empty() || is_no_btrfs(places, messages)) {
        return messages.exit_status();
    }
    const auto report = [&messages](const Problem& problem) { messages.problem(problem); };
    const auto filesystem = Filesystem::open(std::move(devices), {.volume = flags.volume}, report);
    if (!filesystem) {
        messages.error(filesystem.error());
        return messages.exit_status();
    }
    tell_devices(*filesystem, messages);
    const StopSignals signals;
    const auto dumped = dump_tree::run(*filesystem, io.out, flags.dump,
                                       {.parallelism = flags.parallelism, .stop = signals.token(), .problems = report});
    if (!dumped) {
        messages.error(fmt::format("{}: {}", printable(places.front().name), dumped.error().message));
    } else {
        messages.detail(fmt::format("{} blocks, {} items", dumped->block_count, dumped->item_count));
    }
    return messages.exit_status();
}

} // namespace btrkit::apps
