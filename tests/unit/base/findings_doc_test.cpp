// SPDX-License-Identifier: MIT
// docs/findings.md tells users what the catalogue says: its table is what this makes of the catalogue.
#include "libfs/base/problem_words.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace findings_doc_test {

using namespace btrkit;

namespace {

constexpr std::string_view begin_mark = "<!-- begin of the table: made of libfs/base/problem_catalogue.h -->\n";
constexpr std::string_view end_mark = "<!-- end of the table -->\n";

std::string catalogue_table() {
    std::string table = "| Code | Severity | Repair | Meaning |\n|---|---|---|---|\n";
    for (const auto& info : problem_catalogue) {
        table += "| `" + std::string(info.id) + "` | " + std::string(severity_word(info.severity)) + " | " +
                 std::string(repair_word(info.repair)) + " | " + std::string(info.meaning) + " |\n";
    }
    return table;
}

/// What stands between the marks; empty where they are not there.
std::string table_of(const std::string& document) {
    const auto begin = document.find(begin_mark);
    const auto end = document.find(end_mark);
    if (begin == std::string::npos || end == std::string::npos || end < begin) {
        return {};
    }
    const auto first = begin + begin_mark.size();
    return document.substr(first, end - first);
}

} // namespace

TEST_CASE("docs/findings.md has the table of all findings") {
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/findings.md");
    const std::string document(std::istreambuf_iterator<char>(file), {});
    const std::string wanted = catalogue_table();
    const bool has_table = table_of(document) == wanted;
    CHECK_MESSAGE(has_table, "docs/findings.md must have these lines:\n", begin_mark, wanted, end_mark);
}

TEST_CASE("codes are unique, and no meaning breaks the table") {
    std::set<std::string_view> ids;
    for (const auto& info : problem_catalogue) {
        CAPTURE(info.id);
        CHECK(ids.insert(info.id).second);
        CHECK(info.meaning.find_first_of("|\n") == std::string_view::npos);
        CHECK(info.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    }
}

} // namespace findings_doc_test
