// SPDX-License-Identifier: MIT
// The examples of docs/json-schema-dump-tree.md are what the sample items look like.
#include "sample_items.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

using namespace btrkit;
using namespace btrkit::test;

TEST_CASE("docs/json-schema-dump-tree.md has every sample item, in both formats") {
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-dump-tree.md");
    const std::string document(std::istreambuf_iterator<char>(file), {});
    for (const auto& sample : sample_items()) {
        CAPTURE(sample.about);
        const auto at = document.find("\n" + std::string(sample.json) + "\n");
        REQUIRE(at != document.npos);
        const auto line_begin = at + sample.json.size() + 2;
        const auto line = document.substr(line_begin, document.find('\n', line_begin) - line_begin);
        CHECK(line.ends_with(" " + std::string(sample.line)));
    }
}
