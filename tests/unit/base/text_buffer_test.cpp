// SPDX-License-Identifier: MIT
#include "libfs/base/text_buffer.h"

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace text_buffer_test {

namespace {

using btrkit::TextBuffer;
using btrkit::u64;
using btrkit::u8;

TEST_CASE("an untouched buffer is empty, also after putting nothing") {
    TextBuffer out;
    CHECK(out.view().empty());
    out.put("");
    out.hex_bytes({});
    CHECK(out.empty());
    out.truncate(0);
    out.clear();
    CHECK(out.view() == "");
}

TEST_CASE("numbers are whole at both ends of their range") {
    TextBuffer out;
    out.dec(0);
    out.put(' ');
    out.dec(std::numeric_limits<u64>::max());
    out.put(' ');
    out.dec(std::numeric_limits<std::int64_t>::min());
    out.put(' ');
    out.dec(u8{255});
    out.put(' ');
    out.hex(0xdeadbeef);
    out.put(' ');
    out.hex16(0xbeef);
    out.put(' ');
    out.octal(0100644);
    out.put(' ');
    out.octal(std::numeric_limits<u64>::max());
    CHECK(out.view() == "0 18446744073709551615 -9223372036854775808 255 deadbeef 000000000000beef 100644 "
                        "1777777777777777777777");
}

TEST_CASE("bytes are two digits each") {
    TextBuffer out;
    const u8 bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    out.hex_bytes(std::as_bytes(std::span(bytes)));
    CHECK(out.view() == "000fa5ff");
}

TEST_CASE("text survives growing") {
    TextBuffer out;
    std::string expected;
    for (unsigned i = 0; i < 20000; ++i) {
        out.put("item ");
        out.dec(i);
        out.put('\n');
        expected += "item " + std::to_string(i) + "\n";
    }
    CHECK(out.size() == expected.size());
    CHECK(out.view() == expected);
    const std::string large(1 << 20, 'x');
    out.clear();
    out.put(large);
    CHECK(out.view() == large);
}

TEST_CASE("truncating drops the tail and never adds one") {
    TextBuffer out;
    out.put("abcdef");
    out.truncate(10);
    CHECK(out.view() == "abcdef");
    out.truncate(2);
    CHECK(out.view() == "ab");
    out.put('z');
    CHECK(out.view() == "abz");
}

TEST_CASE("what is committed counts, what is only reserved does not") {
    TextBuffer out;
    char* at = out.room_for(8);
    at[0] = 'a';
    at[1] = 'b';
    out.commit(1);
    CHECK(out.view() == "a");
}

} // namespace

} // namespace text_buffer_test
