// SPDX-License-Identifier: MIT
// Where an archive or a dump goes: a file that is made in one step, so that half of one never stands there; or a pipe
// or device.
#pragma once

#include "apps/common/fd_sink.h"
#include "apps/common/file_replacement.h"

#include <memory>
#include <optional>

namespace btrkit::apps {

class OutputFile {
public:
    /// Fails with io, and with refused where a file is there that is not to be overwritten.
    static Result<std::unique_ptr<OutputFile>> open(const std::string& path, bool overwrite);

    OutputSink& sink() { return *sink_; }
    /// All is written: the file appears. Without, what was there stays. Fails with io.
    Result<void> finish();

private:
    std::string path_;
    std::optional<FileReplacement> file_;
    UniqueFd fd_; ///< of what is no regular file
    std::optional<FdSink> sink_;
};

/// What write(sink) returns: it writes to the file at that path, which appears if it succeeds, or to out where the path
/// is "-".
template <class Write>
auto write_output(const std::string& path, bool overwrite, OutputSink& out, Write write) -> decltype(write(out)) {
    if (path == "-") {
        return write(out);
    }
    BTRKIT_TRY_ASSIGN(const auto file, OutputFile::open(path, overwrite));
    auto written = write(file->sink());
    if (written) {
        BTRKIT_TRY(file->finish());
    }
    return written;
}

} // namespace btrkit::apps
