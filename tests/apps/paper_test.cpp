// SPDX-License-Identifier: MIT
// The man pages and the JSON schema in docs/ against what the tools themselves say.
#include "apps/btrkit/btrkit.h"
#include "apps/cat/cat.h"
#include "apps/check/check.h"
#include "apps/defragment/defragment.h"
#include "apps/diff/diff.h"
#include "apps/dump_image/dump_image.h"
#include "apps/dump_super/dump_super.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/edit/edit.h"
#include "apps/extract/extract.h"
#include "apps/find/find.h"
#include "apps/info/info.h"
#include "apps/ls/ls.h"
#include "apps/mkfs/mkfs.h"
#include "apps/receive/receive.h"
#include "apps/resize/resize.h"
#include "apps/resolve/resolve.h"
#include "apps/scrub/scrub.h"
#include "apps/send/send.h"
#include "apps/stat/stat.h"
#include "apps/stream/stream.h"
#include "apps/subvolume/subvolume.h"
#include "apps/tune/tune.h"
#include "apps/undo/undo.h"
#include "apps/usage/usage.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/json_members.h"
#include "tests/apps/tool_run.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

namespace paper_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

using Names = std::set<std::string>;

std::string read_doc(const std::string& name) {
    std::ifstream file(std::string(BTRKIT_SOURCE_DIR "/docs/") + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream(line);
    return {std::istream_iterator<std::string>(stream), {}};
}

int run_btrkit_alone(std::span<const std::string> arguments, apps::Io& io) {
    return apps::run_btrkit(arguments, io, {.folder = "/nothing/here", .become = {}});
}

struct Paper {
    std::string tool;
    apps::App app;
    std::vector<std::string> statuses = {"0", "1", "2"};
    std::vector<std::vector<std::string>> verbs = {}; ///< of a tool that has several, each with its own help

    std::string page() const { return read_doc("man/" + tool + ".1"); }
    /// Of the tool, then of each of its verbs.
    std::vector<std::string> help_texts(const std::string& flag) const {
        std::vector<std::string> texts{run_tool(app, {flag}).out};
        for (auto verb : verbs) {
            verb.push_back(flag);
            texts.push_back(run_tool(app, verb).out);
        }
        return texts;
    }
    std::string help() const {
        std::string all;
        for (const auto& text : help_texts("--help-all")) {
            all += text;
        }
        return all;
    }
};

std::vector<Paper> papers() {
    return {
        {"btrkit", run_btrkit_alone},
        {"btrkit-cat", apps::run_cat, {"0", "1", "2", "130"}},
        {"btrkit-check", apps::run_check, {"0", "4", "8", "16", "32"}},
        {"btrkit-dump-super", apps::run_dump_super},
        {"btrkit-defragment", apps::run_defragment, {"0", "1", "2", "130"}},
        {"btrkit-diff", apps::run_diff, {"0", "1", "2", "130"}},
        {"btrkit-dump-tree", apps::run_dump_tree, {"0", "1", "2", "130"}},
        {"btrkit-edit",
         apps::run_edit,
         {"0", "1", "2", "130"},
         {{"put"},
          {"mkdir"},
          {"rm"},
          {"mv"},
          {"cp"},
          {"ln"},
          {"mknod"},
          {"chmod"},
          {"chown"},
          {"touch"},
          {"truncate"},
          {"setfattr"},
          {"chattr"},
          {"compress"},
          {"get"},
          {"lsattr"},
          {"-f", "script"}}},
        {"btrkit-dump-image", apps::run_dump_image, {"0", "1", "2", "130"}},
        {"btrkit-extract", apps::run_extract, {"0", "1", "2", "130"}},
        {"btrkit-find", apps::run_find, {"0", "1", "2", "130"}},
        {"btrkit-info", apps::run_info, {"0", "1", "2", "130"}},
        {"btrkit-ls", apps::run_ls, {"0", "1", "2", "130"}},
        {"btrkit-mkfs", apps::run_mkfs, {"0", "1", "2", "130"}},
        {"btrkit-receive", apps::run_receive, {"0", "1", "2", "130"}},
        {"btrkit-resize", apps::run_resize, {"0", "1", "2", "130"}, {{"min-size"}, {"shrink"}, {"grow"}, {"compact"}}},
        {"btrkit-resolve", apps::run_resolve, {"0", "1", "2", "130"}, {{"logical"}, {"physical"}, {"inode"}}},
        {"btrkit-scrub", apps::run_scrub, {"0", "1", "2", "3", "130"}},
        {"btrkit-send", apps::run_send, {"0", "1", "2", "130"}},
        {"btrkit-stat", apps::run_stat, {"0", "1", "2", "130"}},
        {"btrkit-stream", apps::run_stream, {"0", "1", "2", "130"}, {{"dump"}, {"verify"}}},
        {"btrkit-subvolume",
         apps::run_subvolume,
         {"0", "1", "2", "130"},
         {{"list"},
          {"show"},
          {"get-default"},
          {"property", "get"},
          {"create"},
          {"snapshot"},
          {"delete"},
          {"set-default"},
          {"property", "set"},
          {"-f", "script"}}},
        {"btrkit-tune",
         apps::run_tune,
         {"0", "1", "2", "130"},
         {{"label"}, {"new-uuid"}, {"quota", "enable"}, {"quota", "disable"}, {"set"}, {"-f", "script"}}},
        {"btrkit-undo", apps::run_undo, {"0", "1", "2", "130"}},
        {"btrkit-usage", apps::run_usage, {"0", "1", "2", "130"}, {{"df"}, {"du"}, {"map"}}}};
}

/// "-s, --super N" of each line of the help that describes an option.
Names options_of_help(const std::string& help) {
    Names options;
    for (const auto& line : lines_of(help)) {
        if (line.starts_with("  -")) {
            options.insert(line.substr(2, line.find("  ", 2) - 2));
        }
    }
    return options;
}

/// The same of each ".It Fl s , Fl -super Ar N" of a man page.
Names options_of_page(const std::string& page) {
    Names options;
    for (const auto& line : lines_of(page)) {
        if (!line.starts_with(".It Fl ")) {
            continue;
        }
        std::string option;
        bool is_flag = false;
        for (const auto& word : words_of(line.substr(4))) {
            if (word == "Fl" || word == "Ar") {
                is_flag = word == "Fl";
                option += option.empty() ? "" : " ";
            } else if (word == ",") {
                option += word;
            } else {
                option += (is_flag ? "-" : "") + word;
            }
        }
        options.insert(option);
    }
    return options;
}

/// Every "--name" of a text, and in the lines of macros every "-name".
Names long_options_in(const std::string& text) {
    Names names;
    for (const auto& line : lines_of(text)) {
        const bool is_macro = line.starts_with('.') && !line.starts_with(".Bl") && !line.starts_with(".Bd");
        for (auto word : words_of(line)) {
            const auto dashes = word.find_first_not_of('-');
            const bool is_long = dashes == 2 || (dashes == 1 && is_macro && word.size() > 2);
            if (is_long && std::islower(static_cast<unsigned char>(word[dashes])) != 0) {
                const auto end = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", dashes);
                names.insert(word.substr(dashes, end - dashes));
            }
        }
    }
    return names;
}

/// Whether one of the names in "-s, --super N" is a word of the text.
bool is_named(const std::string& text, const std::string& option) {
    const auto words = words_of(text);
    return std::ranges::any_of(words_of(option), [&](std::string name) {
        name = name.substr(0, name.find(','));
        return name.starts_with('-') && std::ranges::any_of(words, [&](const std::string& word) {
                   return word.substr(0, word.find(',')) == name;
               });
    });
}

std::string section_of(const std::string& page, const std::string& name) {
    const auto begin = page.find("\n.Sh " + name + "\n");
    return begin == std::string::npos ? "" : page.substr(begin, page.find("\n.Sh ", begin + 1) - begin);
}

} // namespace

TEST_CASE("man pages describe the options of --help, all of them and no others") {
    for (const auto& paper : papers()) {
        CAPTURE(paper.tool);
        const auto described = options_of_page(paper.page());
        CHECK(described.size() >= 2);
        // btrkit's help lists tools instead.
        if (paper.tool != "btrkit") {
            CHECK(described == options_of_help(paper.help()));
        }
        CHECK(long_options_in(paper.page()) == long_options_in(paper.help()));
    }
}

TEST_CASE("--help-all is grouped, and fits into 80 columns") {
    for (const auto& paper : papers()) {
        CAPTURE(paper.tool);
        const auto help = paper.help();
        for (const auto& line : lines_of(help)) {
            CHECK_MESSAGE(line.size() < 80, line);
        }
        CHECK((paper.tool == "btrkit" || contains(help, "\nManners of all tools:\n  ")));
    }
}

TEST_CASE("--help fits a screen, and names every option") {
    constexpr std::size_t screen_lines = 24;
    for (const auto& paper : papers()) {
        CAPTURE(paper.tool);
        const auto screens = paper.help_texts("--help");
        const auto all = paper.help_texts("--help-all");
        for (std::size_t i = 0; i < screens.size(); ++i) {
            CAPTURE(screens[i]);
            CHECK(lines_of(screens[i]).size() <= screen_lines);
            for (const auto& line : lines_of(screens[i])) {
                CHECK_MESSAGE(line.size() < 80, line);
            }
            CHECK((screens[i] == all[i] || contains(screens[i], " --help-all\n")));
            for (const auto& option : options_of_help(all[i])) {
                CHECK_MESSAGE((option == "-h, --help" || option == "--help" || is_named(screens[i], option)), option);
            }
        }
    }
}

TEST_CASE("man pages have the sections that users look for, in order, and each exit status") {
    for (const auto& paper : papers()) {
        CAPTURE(paper.tool);
        const auto page = paper.page();
        std::size_t at = 0;
        for (const auto* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "OUTPUT", "EXIT STATUS", "EXAMPLES",
                                    "DIFFERENCES FROM BTRFS-PROGS", "SEE ALSO"}) {
            CAPTURE(section);
            const auto found = page.find("\n.Sh " + std::string(section) + "\n", at);
            REQUIRE(found != std::string::npos);
            at = found;
        }
        for (const auto& status : paper.statuses) {
            CAPTURE(status);
            CHECK(contains(section_of(page, "EXIT STATUS"), "\n.It " + status + "\n"));
        }
    }
}

TEST_CASE("docs/json-schema-dump-super.md names every member of the document") {
    const TempImage image;
    auto super = sample_superblock(btrfs::superblock_offsets[1]);
    super.stripesize = 1; // for a finding of the mirror, and for a difference
    seal(super);
    image.write_super(btrfs::superblock_offsets[1], super);
    const auto document = Json::parse(run_tool(apps::run_dump_super, {"--format", "json", image.path()}).out);
    Names names;
    collect_members(document, names);
    CHECK(names.contains("severity"));
    const auto schema = read_doc("json-schema-dump-super.md");
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

} // namespace paper_test
