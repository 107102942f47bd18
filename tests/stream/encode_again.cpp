// SPDX-License-Identifier: MIT
// encode_again STREAM [dump]: decodes a stream, encodes it again, and fails unless that is the same to the byte.
// With dump also prints it as text.
#include "libfs/stream/stream_dump.h"
#include "tests/support/stream_bytes.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

int complain(const char* file, std::string_view what) {
    std::fprintf(stderr, "encode_again: %s: %.*s\n", file, static_cast<int>(what.size()), what.data());
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        return complain("usage", "encode_again STREAM [dump]");
    }
    std::ifstream file(argv[1], std::ios::binary);
    const std::string stream((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (const std::size_t at_once : {std::string::npos, std::size_t{4093}}) {
        btrkit::StringSink again;
        if (const auto done = btrkit::test::encode_again(btrkit::test::source_of(stream, at_once), again); !done) {
            return complain(argv[1], done.error().message);
        }
        if (again.text() != stream) {
            return complain(argv[1], "encoded again it is another stream");
        }
    }
    btrkit::StringSink text;
    if (const auto done = btrkit::dump_streams(btrkit::test::source_of(stream), text); !done) {
        return complain(argv[1], done.error().message);
    }
    if (argc > 2) {
        std::fwrite(text.text().data(), 1, text.text().size(), stdout);
    }
    return 0;
}
