// SPDX-License-Identifier: MIT
#include "apps/find/find.h"

#include "apps/common/document.h"
#include "apps/find/found_output.h"
#include "apps/find/tests.h"

#include <algorithm>
#include <ctime>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

using survey::NameStep;
using survey::NameWalk;
using survey::NameWalkOptions;

namespace {

struct FindFlags {
    ReadingFlags reading;
    std::vector<Test> tests;
    bool needs_inodes = false;
    std::optional<u64> most_depth;
    std::optional<u64> least_depth;
    FoundStyle style;
    bool print0 = false;
    bool bodyfile = false;
    bool scans_for_lost = false;
};

/// find(1) writes its words with one dash; and a value may begin with one: "-size -10k" becomes "--size=-10k".
std::vector<std::string> with_two_dashes(std::span<const std::string> arguments) {
    std::vector<std::string> spelt;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& word = arguments[i];
        const auto name =
            std::string_view(word).substr(std::min<std::size_t>(word.find_first_not_of('-'), word.size()));
        const bool is_option = word.starts_with('-') && word != "--";
        const bool has_value = is_option && (std::ranges::count(test_kinds(), name, &TestKind::name) > 0 ||
                                             name == "maxdepth" || name == "mindepth");
        if (word == "--") {
            spelt.insert(spelt.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
            break;
        }
        if (has_value && i + 1 < arguments.size()) {
            spelt.push_back(fmt::format("--{}={}", name, arguments[++i]));
        } else if (is_option && (name == "print0" || name == "print")) {
            spelt.push_back(fmt::format("--{}", name));
        } else {
            spelt.push_back(word);
        }
    }
    return spelt;
}

void declare_tests(CommandLine& line, FindFlags& flags) {
    const std::int64_t now = std::time(nullptr);
    for (const auto& kind : test_kinds()) {
        line.begin_group(kind.needs_inode ? "What matches, by its inode" : "What matches: all that is given");
        const auto add = [&flags, &kind, now](const std::string& value) {
            auto test = kind.parse(value, now);
            if (!test) {
                throw CLI::ValidationError(fmt::format("-{}", kind.name), test.error().message);
            }
            flags.tests.push_back(std::move(*test));
            flags.needs_inodes |= kind.needs_inode;
        };
        line.app()
            .add_option_function<std::string>(fmt::format("--{}", kind.name), add, kind.help)
            ->option_text(kind.value)
            ->trigger_on_parse();
    }
    line.begin_group("Where it looks");
    line.add_number("--maxdepth", flags.most_depth, "no deeper below PATH");
    line.add_number("--mindepth", flags.least_depth, "not less deep");
    add_snapshots(line, flags.reading);
    line.app().add_flag("--lost", flags.scans_for_lost,
                        "look for inodes that no name leads to even where nothing is damaged");
}

void declare_output(CommandLine& line, FindFlags& flags) {
    line.begin_group("What is told of it");
    auto& app = line.app();
    app.add_flag_callback("--print", [] {}, "its path, as always");
    app.add_flag("--print0", flags.print0, "its path as it is, ended by NUL");
    app.add_flag("--bodyfile", flags.bodyfile, "a line for mactime(1) of The Sleuth Kit");
    app.add_option_function<std::string>(
           "--hash",
           [&flags](const std::string& text) {
               if (text != "sha256") {
                   throw CLI::ValidationError("--hash", fmt::format("'{}' is not sha256", text));
               }
               flags.style.has_hash = true;
           },
           "of what regular files hold: sha256")
        ->option_text("HASH");
    line.add_format(flags.reading.format);
    add_reading_source(line, flags.reading);
}

bool matches(const FindFlags& flags, const Tested& tested) {
    return std::ranges::all_of(flags.tests, [&](const Test& test) { return test(tested); });
}

/// False where the output failed, or the user stopped it.
bool find_below(const FindFlags& flags, const Filesystem& filesystem, const Start& start, FoundOutput& output) {
    NameWalkOptions options{.subvolumes = wanted_subvolumes(flags.reading),
                            .read_inodes = flags.needs_inodes || flags.style.has_hash ||
                                           flags.style.form == FoundForm::json ||
                                           flags.style.form == FoundForm::bodyfile};
    if (flags.most_depth) {
        options.most_depth = static_cast<unsigned>(std::min<u64>(*flags.most_depth, most_path_levels));
    }
    if (flags.scans_for_lost) {
        options.lost = NameWalkOptions::Lost::always;
    }
    NameWalk walk(filesystem, start.place, options);
    while (const auto* step = walk.next()) {
        const auto path = start.below(step->path);
        if (step->kind == NameStep::Kind::damage) {
            if (!output.put_damage(path, *step->damage)) {
                return false;
            }
            continue;
        }
        if (step->kind != NameStep::Kind::name || step->depth < flags.least_depth.value_or(0)) {
            continue;
        }
        const auto name = std::string_view(path).substr(path.size() == 1 ? 0 : path.rfind('/') + 1);
        if (matches(flags, {.path = path, .name = name, .walked = *step->walked}) &&
            !output.put(walk, path, *step->walked)) {
            return false;
        }
    }
    return true;
}

} // namespace

int run_find(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = find_tool,
                      .operands = "IMAGE [PATH...] [TESTS]",
                      .summary = "Find files in a btrfs, by the tests of find(1)."});
    FindFlags flags;
    add_reading_operands(line, flags.reading);
    declare_tests(line, flags);
    declare_output(line, flags);
    const auto spelt = with_two_dashes(arguments);
    if (const auto status = line.parse(spelt, io)) {
        return *status;
    }
    const bool is_json = flags.reading.format == OutputFormat::json;
    const auto forms = {is_json, flags.print0, flags.bodyfile};
    if (std::ranges::count(forms, true) > 1) {
        return line.wrong_usage(io, "of --format json, -print0 and --bodyfile one can be chosen");
    }
    flags.style.form = is_json          ? FoundForm::json
                       : flags.print0   ? FoundForm::nul
                       : flags.bodyfile ? FoundForm::bodyfile
                                        : FoundForm::line;
    if (flags.reading.paths.empty()) {
        flags.reading.paths.emplace_back("/");
    }
    return ask_reading(
        line, io, flags.reading,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<void> {
            if (is_json) {
                BTRKIT_TRY(io.out.write(json_line(begin_document({.tool = find_tool, .name = "find"}))));
            }
            ReadingErrors errors(flags.reading, messages);
            FoundOutput output(filesystem, context, flags.style, io.out, errors);
            for (const auto& path : flags.reading.paths) {
                const auto start = find_start(filesystem, flags.reading, path);
                if (!start) {
                    errors.tell({}, start.error().message);
                } else if (!find_below(flags, filesystem, *start, output)) {
                    BTRKIT_TRY(output.finish());
                    return fail(ErrorKind::cancelled, "stopped");
                }
            }
            return output.finish();
        });
}

} // namespace btrkit::apps
