// SPDX-License-Identifier: MIT
#include "libfs/render/json_string.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace json_string_test {

using namespace btrkit;

namespace {

bool is_utf8(std::string_view bytes) {
    TextBuffer out;
    const bool valid = put_json_string(out, bytes);
    CHECK(out.empty() == !valid);
    return valid;
}

std::string json_string(std::string_view bytes) {
    TextBuffer out;
    CHECK(put_json_string(out, bytes));
    return std::string(out.view());
}

} // namespace

TEST_CASE("control characters never reach the terminal") {
    CHECK(json_string("a\x1b[31m\x7f\n") == R"("a\u001b[31m\u007f\n")");
    CHECK(json_string("\xc2\x85\xc2\x9b\xc2\xa0") == "\"\\u0085\\u009b\xc2\xa0\"");
}

TEST_CASE("valid UTF-8 stays as it is, at the edges of all lengths") {
    for (const std::string_view text : {"", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        std::string quoted{'"'};
        quoted.append(text).push_back('"');
        CHECK(json_string(text) == quoted);
    }
}

TEST_CASE("what is no UTF-8 puts nothing") {
    for (const std::string_view text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf",
                                        "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98",
                                        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xfe"}) {
        CAPTURE(text.size());
        CHECK_FALSE(is_utf8(text));
    }
}

TEST_CASE("every string of two bytes is taken or refused as nlohmann-json does") {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
            TextBuffer out;
            if (put_json_string(out, bytes)) {
                CHECK(nlohmann::json::parse(out.view()) == bytes);
            } else {
                CHECK_THROWS(nlohmann::json(bytes).dump());
            }
        }
    }
}

} // namespace json_string_test
