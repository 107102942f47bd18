// SPDX-License-Identifier: MIT
// Scripts of btrkit-subvolume: words, verbs, and what is wrong by its line.
#include "apps/subvolume/change_verbs.h"
#include "tests/apps/tool_run.h"

#include <doctest/doctest.h>

namespace subvolume_script_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

using Words = std::vector<std::string>;

Words words(std::string_view line) {
    const auto found = apps::words_of_line(line);
    return found ? *found : Words{"!" + found.error().message};
}

std::vector<subvolume::Command> commands(std::string_view script) {
    auto parsed = apps::parse_script<subvolume::Command>(apps::change_verbs(), script);
    REQUIRE(parsed.has_value());
    return std::move(*parsed);
}

template <class Change>
const Change& only(const std::vector<subvolume::Command>& commands) {
    REQUIRE(commands.size() == 1);
    REQUIRE(std::holds_alternative<Change>(commands[0].change));
    return std::get<Change>(commands[0].change);
}

std::string failure(std::string_view script) {
    const auto parsed = apps::parse_script<subvolume::Command>(apps::change_verbs(), script);
    return parsed ? "" : parsed.error().message;
}

} // namespace

TEST_CASE("script: words are quoted as in a shell") {
    CHECK(words("").empty());
    CHECK(words(" \t\r").empty());
    CHECK(words("a  b\tc") == Words{"a", "b", "c"});
    CHECK(words("a b # c") == Words{"a", "b"});
    CHECK(words("a#b '#c'") == Words{"a#b", "#c"});
    CHECK(words(R"('a b'"c d" e\ f)") == Words{"a bc d", "e f"});
    CHECK(words(R"("a\"b\\c\d" 'e\')") == Words{R"(a"b\c\d)", R"(e\)"});
    CHECK(words(R"('' "")") == Words{"", ""});
    CHECK(words("\\#a") == Words{"#a"});
    CHECK(contains(words("'a").front(), "does not end"));
    CHECK(contains(words("\"a\\\"").front(), "does not end"));
    CHECK(contains(words("a\\").front(), "backslash"));
}

TEST_CASE("script: each verb with its options, each line with its number") {
    const auto create = only<subvolume::Create>(commands("\n# first\ncreate -p '/a b'\n"));
    CHECK(create.path == "/a b");
    CHECK(create.with_parents);
    CHECK(commands("\n# first\ncreate -p '/a b'\n")[0].line == 3);
    const auto snapshot =
        only<subvolume::Snapshot>(commands("snapshot -r --uuid 01234567-89ab-cdef-0123-456789abcdef 256 /snaps/1"));
    CHECK(snapshot.source == "256");
    CHECK(snapshot.path == "/snaps/1");
    CHECK(snapshot.is_read_only);
    CHECK(snapshot.uuid.has_value());
    CHECK(only<subvolume::Create>(commands("create -i 1/5 -i 2/0 /a")).qgroups ==
          std::vector<u64>{(u64{1} << 48) + 5, u64{2} << 48});
    CHECK(only<subvolume::Delete>(commands("delete -c --recursive /a")).recursive);
    CHECK(only<subvolume::Delete>(commands("delete -i 257")).subvolume == "257");
    CHECK(only<subvolume::SetDefault>(commands("set-default 5")).subvolume == "5");
    const auto property = only<subvolume::SetReadOnly>(commands("property set -f /a ro false"));
    CHECK(property.force);
    CHECK_FALSE(property.is_read_only);
    CHECK(only<subvolume::SetLabel>(commands("property set / label ''")).label.empty());
}

TEST_CASE("script: no option of one line is left to the next") {
    const auto both = commands("create -p /a\ncreate /b /c\nsnapshot -r /a /d\nsnapshot /a /e");
    REQUIRE(both.size() == 5);
    CHECK(std::get<subvolume::Create>(both[0].change).with_parents);
    CHECK_FALSE(std::get<subvolume::Create>(both[1].change).with_parents);
    CHECK(std::get<subvolume::Create>(both[2].change).path == "/c");
    CHECK(both[2].line == 2);
    CHECK_FALSE(std::get<subvolume::Snapshot>(both[4].change).is_read_only);
}

TEST_CASE("script: what is wrong is said with its line") {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"create /a\nlist", "line 2: there is no verb 'list' that changes something"},
        {"create", "line 1: PATH is required"},
        {"\n\ncreate '/a", "line 3: the quote ' does not end"},
        {"create --uuid 1 /a", "'1' is no uuid"},
        {"create --uuid 01234567-89ab-cdef-0123-456789abcdef /a /b", "for one subvolume"},
        {"create -i 1:5 /a", "is no quota group"},
        {"snapshot -i 70000/5 / /a", "is no quota group"},
        {"create --help", "line 1: "},
        {"snapshot /a", "line 1: 1 operand,"},
        {"snapshot /a /b /c", "line 1: 3 operands"},
        {"set-default", "line 1: 0 operands"},
        {"property set / ro", "line 1: 2 operands"},
        {"delete", "SUBVOLUME is required"},
        {"property set / ro maybe", "neither true nor false"},
        {"property set /a label x", "only the top"},
        {"property set / color red", "no property 'color'"},
        {"property set / label " + std::string(256, 'x'), "has 256 bytes"},
        {"property set / label 'a\nb'", "line 1: the quote"},
    };
    for (const auto& [script, what] : wrong) {
        CAPTURE(script);
        CAPTURE(failure(script));
        CHECK(contains(failure(script), what));
    }
}

} // namespace subvolume_script_test
