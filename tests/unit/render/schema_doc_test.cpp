// SPDX-License-Identifier: MIT
// The examples of docs/json-schema-dump-tree.md are what the sample items look like.
#include "sample_items.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

namespace schema_doc_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

std::vector<std::string> lines_of(const char* path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// Whether a line is the item's JSON and the next one ends with the item as text.
bool has_example(const std::vector<std::string>& lines, const SampleItem& sample) {
    const auto is_text = [&](const std::string& line) {
        return sample.line.empty() || line.ends_with(" " + std::string(sample.line));
    };
    const auto is_pair = [&](const std::string& json, const std::string& text) {
        return json == sample.json && is_text(text);
    };
    return std::ranges::adjacent_find(lines, is_pair) != lines.end();
}

} // namespace

TEST_CASE("docs/json-schema-dump-tree.md has every sample item, in both formats") {
    const auto lines = lines_of(BTRKIT_SOURCE_DIR "/docs/json-schema-dump-tree.md");
    for (const auto& sample : sample_items()) {
        CAPTURE(sample.about);
        CAPTURE(sample.json);
        CAPTURE(sample.line);
        CHECK(has_example(lines, sample));
    }
}

} // namespace schema_doc_test
