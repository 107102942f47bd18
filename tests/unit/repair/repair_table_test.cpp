// SPDX-License-Identifier: MIT
// docs/repair.md tells users what is done about each finding: its table is what this makes of repair_table.h.
#include "libfs/ops/repair/repair_table.h"

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace repair_table_test {

using namespace btrkit;

namespace {

constexpr std::string_view begin_mark = "<!-- begin of the table: made of libfs/ops/repair/repair_table.h -->\n";
constexpr std::string_view end_mark = "<!-- end of the table -->\n";

std::string table() {
    std::string text = "| Code | Grade | What is done |\n|---|---|---|\n";
    for (const auto& row : repair::repair_table) {
        text += "| `" + std::string(problem_info(row.code).id) + "`" + std::string(repair::where_text(row.where)) +
                " | " + std::string(repair::grade_word(row.grade)) + " | " + std::string(row.action) + " |\n";
    }
    return text;
}

} // namespace

TEST_CASE("docs/repair.md has the table of all repairs") {
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/repair.md");
    const std::string document(std::istreambuf_iterator<char>(file), {});
    const std::string wanted = std::string(begin_mark) + table() + std::string(end_mark);
    CHECK_MESSAGE(document.find(wanted) != std::string::npos, "docs/repair.md must have these lines:\n", wanted);
}

TEST_CASE("what the catalogue says can't be repaired has a repair at most in some cases, and none is proven that loses "
          "something") {
    for (const auto& row : repair::repair_table) {
        CAPTURE(problem_info(row.code).id);
        CHECK((problem_info(row.code).repair != Repair::none || row.where == repair::Where::where_known));
        CHECK(problem_info(row.code).severity != Severity::note); // which are never planned
        // The catalogue speaks of any tree, and of the worst that can be.
        const bool is_lossy = problem_info(row.code).repair == Repair::lossy && row.where == repair::Where::anywhere;
        CHECK((!is_lossy || row.grade != repair::Grade::proven));
    }
}

} // namespace repair_table_test
