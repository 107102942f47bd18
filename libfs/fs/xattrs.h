// SPDX-License-Identifier: MIT
// The extended attributes of an inode.
#pragma once

#include "libfs/fs/path_lookup.h"

#include <string>
#include <vector>

namespace btrkit {

struct Xattr {
    std::string name; ///< with its namespace: "user.color"
    std::string value;

    friend auto operator<=>(const Xattr&, const Xattr&) = default;
};

/// How data that is written to an inode is to be compressed, and a directory's new files and subvolumes in turn.
inline constexpr std::string_view compression_xattr = "btrfs.compression";

/// One of an XATTR_ITEM, in its bytes.
struct XattrView {
    std::string_view name;
    std::string_view value;
};

/// The attributes of one item: those whose names share a hash. Nothing where one has no name or does not end in it.
std::optional<std::vector<XattrView>> parse_xattrs(Bytes item);

/// All of them, sorted by name. Fails with damaged where some may be lost or one is malformed.
Result<std::vector<Xattr>> read_xattrs(const Filesystem& filesystem, const InodePlace& place);

} // namespace btrkit
