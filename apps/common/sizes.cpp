// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"

#include "libfs/base/ascii.h"

#include <array>
#include <charconv>
#include <limits>

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
        return has_i ? std::nullopt : parse_number(text);
    }
    text.remove_suffix(1);
    const auto number = parse_number(text);
    const auto shift = static_cast<unsigned>(10 * (power + 1));
    if (!number || *number > std::numeric_limits<u64>::max() >> shift) {
        return std::nullopt;
    }
    return *number << shift;
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

std::string plural(u64 count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

} // namespace btrkit::apps
