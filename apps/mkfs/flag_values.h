// SPDX-License-Identifier: MIT
// What the values of mkfs's options mean. Each throws nothing and says in one line what is wrong.
#pragma once

#include "libfs/base/error.h"
#include "libfs/ops/source/adjust.h"

#include <optional>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// --subvol TYPE:DIR, or DIR alone.
struct SubvolumeFlag {
    source::SubvolumeKind kind = source::SubvolumeKind::writable;
    bool is_default = false;
    std::string path;
};
/// A type (rw, ro, default, default-ro) and a path behind a colon. What has no such type before its first colon is a
/// path as a whole: "a:b", "./ro:x".
Result<SubvolumeFlag> parse_subvolume(std::string_view text);

/// --inode-flags FLAGS:PATH; FLAGS are nodatacow and nodatasum, parted by commas.
struct InodeFlagsFlag {
    u64 flags = 0;
    std::string path;
};
Result<InodeFlagsFlag> parse_inode_flags(std::string_view text);

/// --size: auto, min+SLACK or a number of bytes.
struct SizeFlag {
    std::optional<u64> bytes; ///< nothing: as small as can be
    u64 slack_bytes = 0;
};
Result<SizeFlag> parse_size_flag(std::string_view text);

} // namespace btrkit::apps
