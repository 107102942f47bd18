// SPDX-License-Identifier: MIT
// Dumps into memory, with any number of threads.
#pragma once

#include "libfs/ops/dump/dump_tree.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>

#include <sstream>

namespace btrkit::test {

using btrkit::dump_tree::Format;
using btrkit::dump_tree::Options;

struct Dumped {
    std::string text;
    std::vector<std::string> problems;
    dump_tree::Report report;

    bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

inline Options options_for(Format format) {
    Options options;
    options.format = format;
    options.first_line = format == Format::json ? R"({"__header":{}})" : "btrkit";
    return options;
}

inline Result<Dumped> try_dump(const Filesystem& filesystem, const Options& options, unsigned threads = 1) {
    StringSink out;
    std::vector<std::string> problems;
    const auto report = [&](const Problem& problem) { problems.push_back(describe(problem)); };
    BTRKIT_TRY_ASSIGN(const auto done,
                      dump_tree::run(filesystem, out, options, {.parallelism = {threads}, .problems = report}));
    return Dumped{out.text(), std::move(problems), done};
}

inline Dumped dump(const Filesystem& filesystem, const Options& options, unsigned threads = 1) {
    auto dumped = try_dump(filesystem, options, threads);
    REQUIRE_MESSAGE(dumped, dumped.error().message);
    return std::move(*dumped);
}

/// With one thread, after it was compared with several.
inline Dumped dump_with_all_threads(const Filesystem& filesystem, const Options& options) {
    const auto alone = dump(filesystem, options, 1);
    for (const unsigned threads : {2U, 7U}) {
        CAPTURE(threads);
        const auto together = dump(filesystem, options, threads);
        CHECK(together.text == alone.text);
        CHECK(together.problems == alone.problems);
        CHECK(together.report.block_count == alone.report.block_count);
        CHECK(together.report.item_count == alone.report.item_count);
        CHECK(together.report.problem_count == alone.report.problem_count);
    }
    return alone;
}

inline std::vector<std::string> lines_with(std::string_view text, std::string_view part) {
    std::vector<std::string> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        if (line.find(part) != std::string::npos) {
            lines.push_back(line);
        }
    }
    return lines;
}

inline std::string joined_lines(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) {
        all += line + "\n";
    }
    return all;
}

inline std::size_t item_count(const PlantedBlock& tree) {
    std::size_t count = 0;
    for (const auto* leaf : blocks_in_order(tree, WalkOrder::leaves_only)) {
        count += leaf->items.size();
    }
    return count;
}

inline constexpr std::array all_formats = {Format::text, Format::json, Format::lines};

} // namespace btrkit::test
