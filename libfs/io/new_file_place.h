// SPDX-License-Identifier: MIT
// Where a new regular file may be made.
#pragma once

#include "libfs/base/error.h"

#include <string>

namespace btrkit {

/// Fails with ErrorKind::usage, naming path, where a regular file must never come to be: "-", which means a stream, and
/// what would be a device node, below /dev (but /dev/shm, which is for files): a disk that is not plugged in would
/// become a file that nobody sees, in memory. Ask where nothing is at path yet.
Result<void> check_new_file_place(const std::string& path);

/// Fails with ErrorKind::usage for "-" alone: for paths of files that are there.
Result<void> check_no_stream(const std::string& path);

} // namespace btrkit
