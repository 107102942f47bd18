// SPDX-License-Identifier: MIT
// A file of the host that nobody else sees and that is gone when it is closed: for what does not fit into memory.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/base/error.h"
#include "libfs/base/unique_fd.h"

#include <string>

namespace btrkit {

class TemporaryFile {
public:
    /// In that directory, without a name or with one that is taken away at once. This and all else here fail with
    /// ErrorKind::io, naming the directory.
    static Result<TemporaryFile> make(const std::string& directory);

    /// Writes all bytes at an offset. The file grows; what was left out reads as zeros.
    Result<void> write(u64 offset, Bytes bytes);
    /// Fills all of out. Fails also where the file ends before that.
    Result<void> read(u64 offset, MutableBytes out) const;

private:
    TemporaryFile(UniqueFd fd, std::string directory) : fd_(std::move(fd)), directory_(std::move(directory)) {}

    UniqueFd fd_;
    std::string directory_;
};

} // namespace btrkit
