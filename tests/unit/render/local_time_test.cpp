// SPDX-License-Identifier: MIT
// Against libc, second by second, in time zones of all kinds.
#include "libfs/render/local_time.h"
#include "tests/support/effort.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <string>

namespace local_time_test {

using btrkit::LocalTime;
using btrkit::TextBuffer;

namespace {

using Seconds = std::int64_t;

/// Sets the time zone of the process, and puts the old one back.
class TimeZone {
public:
    explicit TimeZone(const char* name) {
        if (const char* old = std::getenv("TZ")) {
            old_ = old;
        }
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~TimeZone() {
        old_ ? ::setenv("TZ", old_->c_str(), 1) : ::unsetenv("TZ");
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

private:
    std::optional<std::string> old_;
};

std::string by_libc(Seconds seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    REQUIRE(::localtime_r(&time, &parts) != nullptr);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

std::string text_of(LocalTime& time, Seconds seconds) {
    TextBuffer out;
    time.put(out, seconds);
    return std::string(out.view());
}

/// Names of time zones that libc needs no files for, and those whose files are there.
std::vector<std::string> zones() {
    std::vector<std::string> all = {"UTC0",
                                    "CET-1CEST,M3.5.0,M10.5.0/3",
                                    "EST5EDT,M3.2.0,M11.1.0",
                                    "NPT-5:45",
                                    "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
                                    "ODD-3:07:11",
                                    "WEST24:59:59",
                                    "EAST-24:59:59",
                                    "<+14>-14"};
    for (const auto* name : {"Europe/Berlin", "Asia/Kathmandu", "Africa/Monrovia", "America/St_Johns", "Pacific/Apia",
                             "Antarctica/Troll", "right/Europe/Berlin", "right/UTC"}) {
        if (std::filesystem::exists(std::string("/usr/share/zoneinfo/") + name)) {
            all.emplace_back(name);
        }
    }
    return all;
}

constexpr Seconds year_10000 = 253402300800;

} // namespace

TEST_CASE("every time is printed as libc does, in every time zone") {
    for (const auto& zone : zones()) {
        const TimeZone set(zone.c_str());
        CAPTURE(zone);
        std::mt19937_64 random(11);
        LocalTime time;
        const auto check = [&](Seconds seconds) {
            CAPTURE(seconds);
            CHECK(text_of(time, seconds) == by_libc(seconds));
        };
        for (int i = 0; i < 5000; ++i) {
            check(static_cast<Seconds>(random() % 4000000000));               // until 2096
            check(static_cast<Seconds>(random() % (std::uint64_t{1} << 38))); // far beyond year 9999
            check(static_cast<Seconds>(random() % 400000) - 200000);
            check(year_10000 - 200000 + static_cast<Seconds>(random() % 400000));
            check(-static_cast<Seconds>(random() % (std::uint64_t{1} << 36)));
        }
    }
}

TEST_CASE("around changes of the clock, every second is right") {
    for (const auto& zone : zones()) {
        const TimeZone set(zone.c_str());
        CAPTURE(zone);
        LocalTime time;
        // Changes fall on these days of 2024 in one zone or another; a leap second on the last of 2016.
        for (const Seconds day : {1710028800, 1711843200, 1712361600, 1728086400, 1729987200, 1730592000, 1483142400}) {
            for (Seconds at = day; at < day + 2 * 86400; at += 1 + at % btrkit::test::rounds(37, 7)) {
                if (text_of(time, at) != by_libc(at)) {
                    CAPTURE(at);
                    CHECK(text_of(time, at) == by_libc(at));
                }
            }
        }
        for (Seconds at = 1483228790; at < 1483228840; ++at) {
            CAPTURE(at);
            CHECK(text_of(time, at) == by_libc(at));
        }
    }
}

TEST_CASE("a year that fits no int takes the date before") {
    const TimeZone set("UTC0");
    constexpr Seconds beyond = std::numeric_limits<Seconds>::max();
    LocalTime time;
    for (const Seconds before : {Seconds{1709210096}, Seconds{0}, Seconds{90000}, Seconds{-5000000}, year_10000}) {
        const auto date = text_of(time, before);
        const auto month_and_day = date.substr(date.find('-', 1), 6);
        const auto text = text_of(time, beyond);
        CAPTURE(text);
        CHECK(text.find(month_and_day) != std::string::npos);
        CHECK(text.ends_with(" 15:30:07"));
        CHECK(text_of(time, beyond) == text);
    }
    time.forget();
    LocalTime fresh;
    CHECK(text_of(time, beyond) == text_of(fresh, beyond));
    CHECK(text_of(fresh, std::numeric_limits<Seconds>::min()).size() > 19u - 1);
}

} // namespace local_time_test
