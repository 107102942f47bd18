// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"

#include "libfs/base/ascii.h"

#include <array>
#include <charconv>
#include <limits>
#include <ranges>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

bool drop_suffix(std::string_view& text, char wanted) {
    if (text.empty() || lower_case(text.back()) != wanted) {
        return false;
    }
    text.remove_suffix(1);
    return true;
}

/// All digits, or nothing.
std::optional<u64> parse_decimal(std::string_view text) {
    u64 number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// What the digits behind the point are of a unit, which is at most an EiB; nothing where they are none.
std::optional<u64> parse_fraction(std::string_view digits, u64 unit_bytes) {
    if (digits.empty()) {
        return std::nullopt;
    }
    u64 bytes = 0;
    for (const char digit : std::views::reverse(digits)) {
        if (digit < '0' || digit > '9') {
            return std::nullopt;
        }
        bytes = (static_cast<u64>(digit - '0') * unit_bytes + bytes) / 10;
    }
    return bytes;
}

bool is_hexadecimal(std::string_view text) {
    return text.size() > 2 && text[0] == '0' && lower_case(text[1]) == 'x';
}

} // namespace

std::optional<u64> parse_number(std::string_view text) {
    int base = 10;
    if (is_hexadecimal(text)) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        base = 8;
        text.remove_prefix(1);
    }
    u64 number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::optional<u64> parse_size(std::string_view text) {
    if (is_hexadecimal(text)) {
        return parse_number(text); // b and e are digits here
    }
    constexpr std::string_view units = "kmgtpe";
    const bool has_b = drop_suffix(text, 'b');
    const bool has_i = has_b && drop_suffix(text, 'i');
    const std::size_t power = text.empty() ? std::string_view::npos : units.find(lower_case(text.back()));
    if (power == std::string_view::npos) {
        return has_i ? std::nullopt : parse_decimal(text);
    }
    text.remove_suffix(1);
    const u64 unit_bytes = u64{1} << (10 * (power + 1));
    const std::size_t point = std::min(text.find('.'), text.size());
    const auto whole = parse_decimal(text.substr(0, point));
    const auto fraction = point == text.size() ? 0 : parse_fraction(text.substr(point + 1), unit_bytes);
    if (!whole || !fraction || *whole > std::numeric_limits<u64>::max() / unit_bytes) {
        return std::nullopt;
    }
    return *whole * unit_bytes + *fraction;
}

std::string size_text(u64 size_bytes) {
    constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    while (unit + 1 < units.size() && size_bytes >> (10 * (unit + 1)) != 0) {
        ++unit;
    }
    const double value = static_cast<double>(size_bytes) / static_cast<double>(u64{1} << (10 * unit));
    return fmt::format("{:.2f}{}", value, units[unit]);
}

std::string size_text(u64 size_bytes, SizeForm form) {
    if (form == SizeForm::raw) {
        return fmt::format("{}", size_bytes);
    }
    if (form == SizeForm::iec) {
        return size_text(size_bytes);
    }
    constexpr std::array units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    std::size_t unit = 0;
    u64 unit_bytes = 1;
    while (unit + 1 < units.size() && size_bytes / unit_bytes >= 1000) {
        ++unit;
        unit_bytes *= 1000;
    }
    return fmt::format("{:.2f}{}", static_cast<double>(size_bytes) / static_cast<double>(unit_bytes), units[unit]);
}

std::string signed_size_text(std::int64_t size_bytes, SizeForm form) {
    const bool is_negative = size_bytes < 0;
    const auto magnitude = is_negative ? u64{0} - static_cast<u64>(size_bytes) : static_cast<u64>(size_bytes);
    return (is_negative ? "-" : "") + size_text(magnitude, form);
}

std::string plural(u64 count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

} // namespace btrkit::apps
