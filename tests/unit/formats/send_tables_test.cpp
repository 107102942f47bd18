// SPDX-License-Identifier: MIT
// The tables of send streams against themselves, and against the numbers of Linux fs/btrfs/send.h.
#include "formats/send/commands.h"
#include "formats/send/stream.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace send_tables_test {

namespace {

namespace send = btrfs::send;
using btrfs::u16;

TEST_CASE("rows stand where their numbers say, and numbers without a row have none") {
    for (u16 number = 1; number <= send::commands.size(); ++number) {
        CHECK(static_cast<u16>(send::find_command(number)->command) == number);
    }
    for (u16 number = 1; number <= send::attributes.size(); ++number) {
        CHECK(static_cast<u16>(send::find_attribute(number)->attribute) == number);
    }
    for (const int number : {0, 36, 65535}) {
        CHECK(send::find_attribute(static_cast<u16>(number)) == nullptr);
    }
    for (const int number : {0, 27, 65535}) {
        CHECK(send::find_command(static_cast<u16>(number)) == nullptr);
    }
    CHECK(static_cast<u16>(send::Command::enable_verity) == 26);
    CHECK(static_cast<u16>(send::Attribute::verity_sig_data) == 35);
}

TEST_CASE("what a version adds begins behind what the one before had") {
    const auto newest_command = [](btrfs::u32 version) {
        return std::ranges::count_if(send::commands, [&](const auto& row) { return row.since_version <= version; });
    };
    CHECK(newest_command(1) == 22);
    CHECK(newest_command(2) == 25);
    CHECK(newest_command(3) == 26);
    CHECK(std::ranges::is_sorted(send::commands, {}, &send::CommandInfo::since_version));
    CHECK(std::ranges::is_sorted(send::attributes, {}, &send::AttributeInfo::since_version));
    CHECK(send::find_attribute(24)->since_version == 1);
    CHECK(send::find_attribute(25)->since_version == 2);
    CHECK(send::find_attribute(31)->since_version == 2);
    CHECK(send::find_attribute(32)->since_version == 3);
}

TEST_CASE("commands have attributes of their version, each once, and DATA last") {
    for (const auto& command : send::commands) {
        CAPTURE(command.name);
        const auto entries = command.attributes();
        for (std::size_t i = 0; i < entries.size(); ++i) {
            CHECK(send::attribute_info(entries[i].attribute).since_version <= command.since_version);
            CHECK(command.index_of(entries[i].attribute) == i);
            CHECK((entries[i].attribute != send::Attribute::data || i + 1 == entries.size()));
        }
        CHECK(command.index_of(send::Attribute::none) == entries.size());
    }
}

TEST_CASE("names are told apart, and any value fits a command") {
    for (const auto& row : send::attributes) {
        CHECK(std::ranges::count(send::attributes, row.name, &send::AttributeInfo::name) == 1);
        CHECK(row.min_bytes <= row.max_bytes);
        CHECK(row.max_bytes < send::max_command_bytes(2));
    }
    for (const auto& row : send::commands) {
        CHECK(std::ranges::count(send::commands, row.name, &send::CommandInfo::name) == 1);
    }
}

} // namespace

} // namespace send_tables_test
