// SPDX-License-Identifier: MIT
// stream-dump FILE: a stream as text, a line a command.
#include "libfs/stream/stream_dump.h"

#include <cstdio>
#include <fstream>

namespace {

class Stdout final : public btrkit::OutputSink {
public:
    btrkit::Result<void> write(std::string_view text) override {
        return std::fwrite(text.data(), 1, text.size(), stdout) == text.size()
                   ? btrkit::Result<void>()
                   : btrkit::fail(btrkit::ErrorKind::io, "stdout can't be written");
    }
};

int complain(std::string_view what) {
    std::fflush(stdout);
    std::fprintf(stderr, "stream-dump: %.*s\n", static_cast<int>(what.size()), what.data());
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        return complain("usage: stream-dump FILE");
    }
    std::ifstream file(argv[1], std::ios::binary);
    const auto source = [&file](btrkit::MutableBytes bytes) -> btrkit::Result<std::size_t> {
        file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return static_cast<std::size_t>(file.gcount());
    };
    if (!file) {
        return complain("the file can't be read");
    }
    Stdout out;
    const auto done = btrkit::dump_streams(source, out);
    return done ? 0 : complain(done.error().message);
}
