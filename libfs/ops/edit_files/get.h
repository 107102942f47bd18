// SPDX-License-Identifier: MIT
// Files taken out of a filesystem, to the host.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/path_lookup.h"

#include <string>

namespace btrkit::edit_files {

struct GetReport {
    u64 file_count = 0;    ///< of all kinds
    u64 special_count = 0; ///< devices, fifos and sockets, which were left out
};

/// What path names becomes `host`, which must not be there yet: contents, symlinks, permissions, times, and holes;
/// owners where the caller is root. Names can't lead anywhere else: directories are made anew, and nothing is followed.
/// Bad copies of what could be read nevertheless are told to the context. Fails with not_found, damaged, refused, io,
/// cancelled; what was written then stays.
Result<GetReport> get(const Filesystem& filesystem, const std::string& path, const std::string& host,
                      const RunContext& context);

/// What a regular file holds.
Result<void> get_contents(const Filesystem& filesystem, const std::string& path, OutputSink& out,
                          const RunContext& context);

} // namespace btrkit::edit_files
