// SPDX-License-Identifier: MIT
#include "apps/find/tests.h"

#include "apps/common/sizes.h"

#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fnmatch.h>
#include <regex.h>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> bad_value(const std::string& value, std::string_view wanted) {
    return fail(ErrorKind::usage, fmt::format("'{}' is no {}", value, wanted));
}

/// N, +N (more) or -N (less).
struct Comparison {
    char sign = 0;
    u64 number = 0;

    bool holds(u64 value) const {
        return sign == '+' ? value > number : sign == '-' ? value < number : value == number;
    }
};

std::optional<Comparison> parse_comparison(std::string_view text) {
    Comparison comparison;
    if (text.starts_with('+') || text.starts_with('-')) {
        comparison.sign = text.front();
        text.remove_prefix(1);
    }
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), comparison.number);
    return failure == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(comparison)
                                                                                       : std::nullopt;
}

template <class Holds>
Test of_inode(Holds holds) {
    return [holds](const Tested& tested) { return tested.walked.inode && holds(*tested.walked.inode); };
}

template <class Number>
Result<Test> compare_inode(const std::string& value, Number number) {
    const auto comparison = parse_comparison(value);
    if (!comparison) {
        return bad_value(value, "number, +number or -number");
    }
    return of_inode([comparison = *comparison, number](const Inode& inode) { return comparison.holds(number(inode)); });
}

Test match(const std::string& pattern, std::string_view Tested::* text, int flags) {
    return [pattern, text, flags](const Tested& tested) {
        return ::fnmatch(pattern.c_str(), std::string(tested.*text).c_str(), flags) == 0;
    };
}

Result<Test> parse_regex(const std::string& value, int flags) {
    const std::shared_ptr<regex_t> compiled(new regex_t{}, [](regex_t* expression) {
        ::regfree(expression);
        delete expression;
    });
    if (::regcomp(compiled.get(), fmt::format("^({})$", value).c_str(), REG_EXTENDED | REG_NOSUB | flags) != 0) {
        return bad_value(value, "extended regular expression");
    }
    return [compiled](const Tested& tested) {
        return ::regexec(compiled.get(), std::string(tested.path).c_str(), 0, nullptr, 0) == 0;
    };
}

Result<Test> parse_type(const std::string& value, std::int64_t) {
    constexpr std::string_view letters = "?fdcbpsl";
    std::array<bool, letters.size()> wanted{};
    for (std::size_t i = 0; i < value.size(); i += 2) {
        const auto type = letters.find(value[i]);
        if (type == 0 || type == std::string_view::npos || (i + 1 < value.size() && value[i + 1] != ',') ||
            i + 2 == value.size()) {
            return bad_value(value, "list of f, d, l, b, c, p and s");
        }
        wanted[type] = true;
    }
    if (value.empty()) {
        return bad_value(value, "list of f, d, l, b, c, p and s");
    }
    return [wanted](const Tested& tested) {
        const auto type = static_cast<std::size_t>(tested.walked.type);
        return type < wanted.size() && wanted[type];
    };
}

/// As find(1): in blocks of 512 bytes or in units, rounded up.
Result<Test> parse_size_test(const std::string& value, std::int64_t) {
    constexpr std::array<std::pair<char, u64>, 6> units = {
        {{'c', 1}, {'w', 2}, {'b', 512}, {'k', u64{1} << 10}, {'M', u64{1} << 20}, {'G', u64{1} << 30}}};
    u64 unit = 512;
    std::string number = value;
    for (const auto& [letter, bytes] : units) {
        if (number.ends_with(letter)) {
            unit = bytes;
            number.pop_back();
            break;
        }
    }
    return compare_inode(number, [unit](const Inode& inode) { return inode.size / unit + (inode.size % unit != 0); });
}

/// Whole days ago, as find(1) counts; what lies ahead is less than 0 days ago.
template <Time Inode::* time>
Result<Test> parse_days(const std::string& value, std::int64_t now) {
    const auto comparison = parse_comparison(value);
    if (!comparison) {
        return bad_value(value, "number of days");
    }
    return of_inode([comparison = *comparison, now](const Inode& inode) {
        constexpr std::int64_t day_seconds = 86400;
        const std::int64_t then = (inode.*time).sec;
        if (then > now) {
            return comparison.sign == '-';
        }
        const auto age = static_cast<u64>(now) - static_cast<u64>(then);
        return comparison.holds(age / day_seconds);
    });
}

Result<Test> parse_newer(const std::string& value, std::int64_t) {
    std::optional<std::int64_t> seconds;
    if (value.starts_with('@')) {
        std::int64_t number = 0;
        const auto [end, failure] = std::from_chars(value.data() + 1, value.data() + value.size(), number);
        if (failure == std::errc{} && end == value.data() + value.size()) {
            seconds = number;
        }
    } else {
        for (const auto* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
            struct tm parts{};
            const char* end = ::strptime(value.c_str(), format, &parts);
            if (end != nullptr && *end == '\0') {
                parts.tm_isdst = -1;
                seconds = ::mktime(&parts);
                break;
            }
        }
    }
    if (!seconds) {
        return bad_value(value, "date (2026-11-30, '2026-11-30 06:25:00' or @SECONDS)");
    }
    return of_inode([after = Time{.sec = *seconds, .nsec = 0}](const Inode& inode) { return inode.mtime > after; });
}

Result<Test> parse_perm(const std::string& value, std::int64_t) {
    const char how = value.starts_with('-') || value.starts_with('/') ? value.front() : '=';
    const std::string digits = how == '=' ? value : value.substr(1);
    u32 bits = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 8);
    if (failure != std::errc{} || end != digits.data() + digits.size() || bits > 07777) {
        return bad_value(value, "octal mode, -mode (all of these bits) or /mode (any of them)");
    }
    return of_inode([how, bits](const Inode& inode) {
        const u32 mode = inode.mode & 07777U;
        return how == '-' ? (mode & bits) == bits : how == '/' ? bits == 0 || (mode & bits) != 0 : mode == bits;
    });
}

constexpr std::array kinds =
    std::to_array<TestKind>(
        {
            {"name", "PATTERN", "the name matches a pattern of the shell", false,
             [](const std::string& value, std::int64_t) -> Result<Test> { return match(value, &Tested::name, 0); }},
            {"iname", "PATTERN", "the same in either case", false,
             [](const std::string& value, std::int64_t) -> Result<Test> {
                 return match(value, &Tested::name, FNM_CASEFOLD);
             }},
            {"path", "PATTERN", "the whole path matches", false,
             [](const std::string& value, std::int64_t) -> Result<Test> { return match(value, &Tested::path, 0); }},
            {"ipath", "PATTERN", "the same in either case", false,
             [](const std::string& value, std::int64_t) -> Result<Test> {
                 return match(value, &Tested::path, FNM_CASEFOLD);
             }},
            {"regex", "REGEX", "the whole path matches an extended regular expression", false,
             [](const std::string& value, std::int64_t) { return parse_regex(value, 0); }},
            {"iregex", "REGEX", "the same in either case", false,
             [](const std::string& value, std::int64_t) { return parse_regex(value, REG_ICASE); }},
            {"type", "TYPES", "f, d, l, b, c, p, s, or several of them: f,l", false, parse_type},
            {"size", "[+-]N[cwbkMG]", "so many blocks of 512 bytes, or units; more; less", true, parse_size_test},
            {"mtime", "[+-]DAYS", "changed so many days ago", true, parse_days<&Inode::mtime>},
            {"ctime", "[+-]DAYS", "its inode changed", true, parse_days<&Inode::ctime>},
            {"atime", "[+-]DAYS", "read", true, parse_days<&Inode::atime>},
            {"newermt", "DATE", "changed after that", true, parse_newer},
            {"user", "[+-]UID", "the owner's number", true,
             [](const std::string& value,
                std::int64_t) { return compare_inode(value, [](const Inode& inode) { return u64{inode.uid}; }); }},
            {"group", "[+-]GID", "the group's number", true,
             [](const std::string& value,
                std::int64_t) { return compare_inode(value, [](const Inode& inode) { return u64{inode.gid}; }); }},
            {"perm", "[-/]MODE", "the permissions: exactly; all of them; any of them", true, parse_perm},
            {"links", "[+-]N", "how many names it has", true,
             [](const std::string& value,
                std::int64_t) { return compare_inode(value, [](const Inode& inode) { return u64{inode.nlink}; }); }},
            {"inum", "[+-]N", "the number of its inode", false,
             [](const std::string& value, std::int64_t) -> Result<Test> {
                 const auto comparison = parse_comparison(value);
                 if (!comparison) {
                     return bad_value(value, "number, +number or -number");
                 }
                 return [comparison = *comparison](const Tested& tested) {
                     return comparison.holds(tested.walked.number);
                 };
             }},
        });

} // namespace

std::span<const TestKind> test_kinds() {
    return kinds;
}

} // namespace btrkit::apps
