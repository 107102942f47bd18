// SPDX-License-Identifier: MIT
// Attributes of files as they are written on command lines. All fail with usage, saying what is wrong in one line.
#pragma once

#include "libfs/base/error.h"
#include "libfs/fs/inode.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// As setfattr(1) takes values: bytes behind 0x or 0s, all else as it stands.
Result<std::string> xattr_value(std::string_view text);
/// With one of the namespaces that Linux has: user, trusted, security, system; or btrfs.
Result<void> check_xattr_name(std::string_view name);

struct NumericOwner {
    std::optional<u32> uid = {};
    std::optional<u32> gid = {};
};
/// UID, UID:GID, :GID. Names are refused: this host's may mean others than the image's.
Result<NumericOwner> parse_numeric_owner(std::string_view text);

/// @SECONDS[.FRACTION] or YYYY-MM-DD[ HH:MM:SS], in UTC.
Result<Time> parse_time(const std::string& text);

struct FlagChange {
    u64 set = 0; ///< btrfs::inode_*
    u64 clear = 0;
};
/// chattr(1)'s: + or = and letters.
Result<FlagChange> parse_flag_change(std::string_view text);

struct FlagLetter {
    char letter;
    u64 flag; ///< btrfs::inode_*
};
/// In the order in which lsattr(1) has them.
std::span<const FlagLetter> flag_letters();
/// As lsattr(1) shows them: a letter for each flag, a dash for those that are not set.
std::string flags_text(u64 flags);

} // namespace btrkit::apps
