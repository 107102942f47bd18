// SPDX-License-Identifier: MIT
// Tools called in process, and files for them.
#pragma once

#include "apps/common/io_layer.h"
#include "tests/support/sample_superblock.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace btrkit::test {

struct ToolRun {
    int status = 0;
    std::string out;
    std::string err;
};
ToolRun run_tool(apps::App app, const std::vector<std::string>& arguments);

/// A sink that fails at once, as a full disk does.
class FullSink final : public OutputSink {
public:
    Result<void> write(std::string_view) override { return fail(ErrorKind::io, "full sink: no space"); }
};

/// A file of size_bytes zeros, sparse, and what is written into it; removed with this.
class TempFile {
public:
    explicit TempFile(u64 size_bytes = 0);
    ~TempFile();
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;

    void write(u64 offset, Bytes bytes) const;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// A device with the sample superblock at all mirrors that fit.
class TempImage : public TempFile {
public:
    explicit TempImage(u64 size_bytes = sample_device_bytes);
    void write_super(u64 offset, const btrfs::Superblock& super) const { write(offset, as_bytes_of(super)); }
};

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}
std::size_t count_of(std::string_view text, std::string_view part);

} // namespace btrkit::test
