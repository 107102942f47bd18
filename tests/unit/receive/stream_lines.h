// SPDX-License-Identifier: MIT
// A stream as lines that can be compared with those of one that says the same.
#pragma once

#include "libfs/stream/stream_dump.h"
#include "tests/support/stream_bytes.h"

#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace btrkit::test {

/// A line a command, with uuids, generations and provisional names of inodes made alike. Writes and clones that go on
/// where the one before has ended are one.
inline std::vector<std::string> stream_lines(std::string_view stream) {
    StringSink text;
    const auto dumped = dump_streams(source_of(stream), text);
    REQUIRE_MESSAGE(dumped, dumped.error().message);
    static const std::regex ids(R"((uuid|transid)=\S+)");
    static const std::regex provisional(R"(([/=])o(\d+)-\d+-(\d+))");
    static const std::regex spaces(" +");
    static const std::regex piece(R"(^(write \S+|clone \S+) offset=(\d+) len=(\d+)(.*)$)");
    static const std::regex clone_offset(R"( clone_offset=(\d+)$)");
    std::vector<std::string> lines;
    u64 open_end = 0; // of the piece that is the last line
    u64 open_begin = 0;
    u64 open_source = 0; // where its source begins, of a clone
    std::string open_head;
    std::string open_tail;
    const auto close = [&] {
        if (!open_head.empty()) {
            lines.push_back(
                fmt::format("{} {}+{}{} {}", open_head, open_begin, open_end - open_begin, open_tail, open_source));
        }
        open_head.clear();
    };
    std::string_view rest = text.text();
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string line(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        line = std::regex_replace(line, ids, "$1");
        line = std::regex_replace(line, provisional, "$1o$2-G-$3");
        line = std::regex_replace(line, spaces, " ");
        std::smatch found;
        if (!std::regex_match(line, found, piece)) {
            close();
            lines.push_back(line);
            continue;
        }
        const std::string head = found[1];
        std::string tail = found[4];
        const u64 begin = std::stoull(found[2]);
        const u64 length = std::stoull(found[3]);
        u64 source = 0;
        std::smatch source_found;
        if (std::regex_search(tail, source_found, clone_offset)) {
            source = std::stoull(source_found[1]);
            tail = source_found.prefix();
        }
        const bool is_clone = head.starts_with("clone");
        const bool goes_on = head == open_head && tail == open_tail && begin == open_end &&
                             (!is_clone || source == open_source + (open_end - open_begin));
        if (!goes_on) {
            close();
            open_head = head;
            open_tail = tail;
            open_begin = begin;
            open_source = source;
        }
        open_end = begin + length;
    }
    close();
    return lines;
}

/// Empty: there is none.
inline std::string first_difference(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        const auto one = i < left.size() ? left[i] : "nothing";
        const auto other = i < right.size() ? right[i] : "nothing";
        if (one != other) {
            return fmt::format("line {}: \"{}\", and then \"{}\"", i + 1, one, other);
        }
    }
    return {};
}

} // namespace btrkit::test
