// SPDX-License-Identifier: MIT
#include "libfs/base/sort_by_rank.h"

#include <string>

#include <doctest/doctest.h>

using namespace btrkit;

TEST_CASE("items are sorted by their ranks, each worked out once; the same rank keeps its order") {
    std::vector<std::string> words = {"ccc", "a", "bb", "b", "", "aa"};
    std::size_t asked = 0;
    sort_by_rank(std::span(words), [&](const std::string& word) {
        ++asked;
        return word.size();
    });
    CHECK(words == std::vector<std::string>{"", "a", "b", "bb", "aa", "ccc"});
    CHECK(asked == words.size());
    std::vector<std::string> one = {"alone"};
    sort_by_rank(std::span(one), [](const std::string&) -> int {
        FAIL("nothing to compare it with");
        return 0;
    });
}
