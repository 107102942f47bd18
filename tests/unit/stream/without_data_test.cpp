// SPDX-License-Identifier: MIT
// What is left of streams without their data, read in bits of all sizes, and where they are cut.
#include "libfs/stream/without_data.h"

#include "tests/support/stream_bytes.h"
#include "tests/unit/stream/stream_builder.h"

#include <doctest/doctest.h>

namespace without_data_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The commands of all streams, by name, but for those that bring data where these are not wanted; then how it ends.
std::string commands_of(ByteSource source, bool with_data) {
    std::string names;
    Decoder decoder(std::move(source));
    for (;;) {
        const auto version = decoder.begin_stream();
        if (!version || !*version) {
            return names + (version ? "end" : "damaged");
        }
        for (bool is_over = false; !is_over;) {
            const auto command = decoder.next();
            if (!command) {
                return names + "damaged";
            }
            is_over = command->command() == btrfs::send::Command::end;
            const bool is_data = command->command() == btrfs::send::Command::write ||
                                 command->command() == btrfs::send::Command::encoded_write;
            names += is_data && !with_data ? "" : std::string(command->info().name) + ' ';
        }
    }
}

std::string sample() {
    const auto write = [](std::size_t size) {
        return command(C::write, attribute(A::path, "f") + integer(A::file_offset, 0) +
                                     attribute(A::data, std::string(size, 'x')));
    };
    const auto begin = command(C::subvol, attribute(A::path, "a") + attribute(A::uuid, std::string(16, '\1')) +
                                              integer(A::ctransid, 1));
    const auto file = command(C::mkfile, attribute(A::path, "f") + integer(A::ino, 257));
    const auto end = command(C::end, "");
    return header_of(1) + begin + file + write(10) + write(5000) + file + write(40'000) + end + header_of(1) + begin +
           write(3) + write(4096) + file + end;
}

} // namespace

TEST_CASE("without their data, streams have all their other commands, and end as they would") {
    const auto stream = sample();
    const auto expected = commands_of(source_of(stream), false);
    CHECK(expected == "subvol mkfile mkfile end subvol mkfile end end");
    for (const std::size_t at_once : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
        CAPTURE(at_once);
        WithoutData rest(source_at(stream));
        CHECK(commands_of([&](MutableBytes room) { return rest(room.first(std::min(room.size(), at_once))); }, true) ==
              expected);
    }
}

TEST_CASE("without their data, streams that are cut end where they are cut, or where their last data is") {
    const auto stream = sample();
    for (std::size_t size = 0; size < stream.size(); size += size < 300 ? 1 : 97) {
        CAPTURE(size);
        const auto cut = stream.substr(0, size);
        CHECK(commands_of(WithoutData(source_at(cut)), true) == commands_of(source_of(cut), false));
    }
}

} // namespace without_data_test
