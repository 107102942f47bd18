// SPDX-License-Identifier: MIT
#include "libfs/render/local_time.h"

#include <chrono>
#include <optional>

namespace btrkit {

namespace {

constexpr std::int64_t quarter_seconds = 900;
constexpr std::int64_t day_seconds = 86400;
/// What the fast path writes: years 1970 to 9999, wherever the host is (POSIX allows offsets of up to 25 hours). libc
/// has the rest.
constexpr std::int64_t first_fast_second = 2 * day_seconds;
constexpr std::int64_t last_fast_second = 253402300799 - 2 * day_seconds;

/// What local time is ahead of seconds; not tm_gmtoff, which knows nothing of a time zone's leap seconds.
std::optional<std::int64_t> offset_from_utc(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    if (::localtime_r(&time, &parts) == nullptr) {
        return std::nullopt;
    }
    const std::chrono::sys_days day = std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
    const auto clock =
        std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
    const std::int64_t local = day.time_since_epoch().count() * day_seconds + std::chrono::seconds(clock).count();
    return local - seconds;
}

struct Date {
    unsigned year;
    unsigned month;
    unsigned day;
};

/// The Gregorian date of a day since 1970 (the well-known method that begins years in March).
constexpr Date date_of(unsigned days_since_1970) {
    const unsigned days = days_since_1970 + 719468;
    const unsigned era = days / 146097;
    const unsigned day_of_era = days % 146097;
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned march_month = (5 * day_of_year + 2) / 153;
    const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * march_month + 2) / 5 + 1};
}
static_assert(date_of(0).year == 1970 && date_of(0).month == 1 && date_of(0).day == 1);
static_assert(date_of(19782).year == 2024 && date_of(19782).month == 2 && date_of(19782).day == 29);

char* two_digits(char* at, unsigned value, char behind) {
    *at++ = static_cast<char>('0' + value / 10);
    *at++ = static_cast<char>('0' + value % 10);
    *at++ = behind;
    return at;
}

} // namespace

void LocalTime::put(TextBuffer& out, std::int64_t seconds) {
    if (seconds < first_fast_second || seconds > last_fast_second) {
        put_by_libc(out, seconds);
        return;
    }
    const auto& quarter = quarter_of(seconds);
    if (!quarter.known) {
        put_by_libc(out, seconds);
        return;
    }
    last_seconds_ = seconds;
    const std::int64_t local = seconds + quarter.offset_seconds;
    const auto date = date_of(static_cast<unsigned>(local / day_seconds));
    const auto second_of_day = static_cast<unsigned>(local % day_seconds);
    constexpr std::size_t length = 19;
    char* at = out.room_for(length + 1);
    *at++ = static_cast<char>('0' + date.year / 1000);
    *at++ = static_cast<char>('0' + date.year / 100 % 10);
    at = two_digits(at, date.year % 100, '-');
    at = two_digits(at, date.month, '-');
    at = two_digits(at, date.day, ' ');
    at = two_digits(at, second_of_day / 3600, ':');
    at = two_digits(at, second_of_day / 60 % 60, ':');
    two_digits(at, second_of_day % 60, ' ');
    out.commit(length);
}

const LocalTime::Quarter& LocalTime::quarter_of(std::int64_t seconds) {
    const std::int64_t start = seconds - seconds % quarter_seconds;
    auto& quarter = quarters_[static_cast<std::size_t>(start / quarter_seconds) % quarters_.size()];
    if (quarter.start != start) {
        const auto at_start = offset_from_utc(start);
        const auto at_end = offset_from_utc(start + quarter_seconds - 1);
        quarter = {start, at_start.value_or(0), at_start && at_start == at_end};
    }
    return quarter;
}

void LocalTime::put_by_libc(TextBuffer& out, std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    if (::localtime_r(&time, &parts) == nullptr) {
        // The year does not fit an int. The peer prints what libc leaves behind then: the right time of the day, the
        // low 32 bits of the year, and month and day of the date printed before. To be the same, so do we.
        const std::time_t last = last_seconds_;
        ::localtime_r(&last, &parts);
        ::localtime_r(&time, &parts);
    } else {
        last_seconds_ = seconds;
    }
    std::array<char, 64> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    out.put(std::string_view(text.data(), length));
}

std::string time_text_with_zone(std::int64_t seconds) {
    TextBuffer text;
    LocalTime().put(text, seconds);
    const std::time_t time = seconds;
    std::tm parts{};
    std::array<char, 16> zone{};
    if (::localtime_r(&time, &parts) != nullptr) {
        std::strftime(zone.data(), zone.size(), " %z", &parts);
    }
    return std::string(text.view()) + zone.data();
}

} // namespace btrkit
