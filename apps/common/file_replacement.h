// SPDX-License-Identifier: MIT
// A regular file of the host that is made, or replaced by a new one, in one step.
#pragma once

#include "libfs/base/error.h"
#include "libfs/base/unique_fd.h"

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace btrkit::apps {

/// A file beside the path that it will replace; removed again unless it does.
class FileReplacement {
public:
    /// mode: of the new file. Fails with io where no file can be made there.
    static Result<FileReplacement> make(const std::string& path, mode_t mode = S_IRUSR | S_IWUSR);
    FileReplacement(FileReplacement&& other) noexcept;
    FileReplacement& operator=(FileReplacement&&) = delete;
    ~FileReplacement();

    /// Whoever looks at the path sees what was there before, or all of the text. It is on stable storage when this
    /// returns. Fails with io. Once.
    Result<void> write(std::string_view text);

    /// In parts: what is written here stands at the path when replace() has returned. That returns as write() does.
    int fd() const { return fd_.get(); }
    Result<void> replace();

private:
    explicit FileReplacement(const std::string& path) : path_(path), temporary_(path + ".XXXXXX") {}

    std::string path_;
    std::string temporary_; ///< empty: it is no more
    UniqueFd fd_;
};

} // namespace btrkit::apps
