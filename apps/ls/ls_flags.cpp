// SPDX-License-Identifier: MIT
#include "apps/ls/ls_flags.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

void declare_ls_flags(CommandLine& line, LsFlags& flags) {
    add_reading_operands(line, flags.reading);
    line.begin_group("What is listed");
    auto& app = line.app();
    app.add_flag("-a,--all", flags.all, "names that begin with '.' too, and '.' and '..'");
    app.add_flag("-A,--almost-all", flags.almost_all, "names that begin with '.' too");
    app.add_flag("-d,--directory", flags.directory_itself, "directories themselves, not what stands in them");
    app.add_flag("-R,--recursive", flags.recursive, "what stands in directories below too");
    add_snapshots(line, flags.reading);
    line.begin_group("How");
    app.add_flag("-l", flags.is_long, "mode, links, owner, group, size, time");
    app.add_flag("-n,--numeric-uid-gid", flags.is_long, "the same: owners are always numbers");
    app.add_flag("-i,--inode", flags.inode_numbers, "the inode's number before each name");
    app.add_flag_callback("--full-time", [&flags] { flags.is_long = flags.full_time = true; }, "-l, with whole times");
    app.add_flag("-h,--human-readable", flags.human_sizes, "sizes in powers of 1024");
    app.add_flag("-1", flags.one_a_line, "a name a line, as always");
    app.add_flag("--zero", flags.ends_with_nul, "names as they are, each ended by NUL");
    const auto sort_by = [&flags](SortKey key) { return [&flags, key] { flags.sort = key; }; };
    app.add_flag_callback("-t", sort_by(SortKey::time), "by time of change, newest first")->trigger_on_parse();
    app.add_flag_callback("-S", sort_by(SortKey::size), "by size, largest first")->trigger_on_parse();
    app.add_flag_callback("-U", sort_by(SortKey::none), "in the order in which they were made")->trigger_on_parse();
    app.add_flag("-r,--reverse", flags.reverse, "the other way round");
    line.add_format(flags.reading.format);
    add_reading_source(line, flags.reading);
}

} // namespace btrkit::apps
