// SPDX-License-Identifier: MIT
// A send stream, decoded and dumped. The first byte is its version, or with the highest bit set says that the rest is
// taken as it is. Else the rest is commands, each {number, 2 bytes; length, 2 bytes; payload}, which get headers with
// right checksums. However few bytes the source hands out at once, the text must be the same.
#include "libfs/stream/stream_dump.h"
#include "tests/fuzz/sealed_stream.h"

#include <cstdlib>

using namespace btrkit;

namespace {

std::string dumped(std::string_view stream, std::size_t at_once) {
    StringSink sink;
    const auto done = dump_streams(test::source_of(stream, at_once), sink);
    return sink.text() + (done ? "" : done.error().message);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes input = std::as_bytes(std::span(data, size));
    const bool is_raw = (data[0] & 0x80) != 0;
    const std::string stream =
        is_raw ? std::string(as_text(input.subspan(1))) : test::sealed_stream(data[0] & 0x7F, input.subspan(1));
    if (dumped(stream, std::string::npos) != dumped(stream, 7)) {
        std::abort();
    }
    return 0;
}
