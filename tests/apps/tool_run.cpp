// SPDX-License-Identifier: MIT
#include "tests/apps/tool_run.h"

#include <fstream>
#include <stdexcept>

#include <unistd.h>

namespace btrkit::test {

ToolRun run_tool(apps::App app, const std::vector<std::string>& arguments) {
    StringSink out;
    StringSink err;
    apps::Io io{.out = out, .err = err};
    const int status = app(arguments, io);
    return {status, out.text(), err.text()};
}

TempFile::TempFile(u64 size_bytes) : path_((std::filesystem::temp_directory_path() / "btrkit-test-XXXXXX").string()) {
    const int fd = ::mkstemp(path_.data());
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0) {
        throw std::runtime_error("can't make " + path_);
    }
    ::close(fd);
}

TempFile::~TempFile() {
    ::unlink(path_.c_str());
}

void TempFile::write(u64 offset, Bytes bytes) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
        throw std::runtime_error("can't write " + path_);
    }
}

TempImage::TempImage(u64 size_bytes) : TempFile(size_bytes) {
    for (const auto& mirror : sample_mirrors(size_bytes)) {
        write_super(mirror.offset, mirror.super);
    }
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

} // namespace btrkit::test
