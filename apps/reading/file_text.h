// SPDX-License-Identifier: MIT
// Inodes as users of ls and stat read them.
#pragma once

#include "libfs/fs/file_data.h"
#include "libfs/survey/names/name_walk.h"

#include <string>

namespace btrkit::apps {

/// "-rw-r--r--"; of type where mode has none.
std::string mode_text(u32 mode, btrfs::FileType type = btrfs::FileType::unknown);

/// Where the symlink leads, as it is stored up to a NUL: by the walk's own cache where it is inline, as kernels make
/// it, else by the reader.
Result<std::string> symlink_target(FileReader& reader, SubvolumeView& view, const InodePlace& place,
                                   const Inode& inode);

/// "2026-11-21 00:49:09.123456789 +0100"
std::string full_time_text(const Time& time);
/// "2026-11-21 00:49"
std::string minute_text(const Time& time);

} // namespace btrkit::apps
