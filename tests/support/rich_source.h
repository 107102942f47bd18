// SPDX-License-Identifier: MIT
// A directory of the host with everything that a filesystem can hold, as the source of images. Contents, times and
// owners depend on the paths alone: made twice, in whatever order, it is the same but for ctimes and birth times.
#pragma once

#include "libfs/base/bytes.h"

#include <string>
#include <utility>
#include <vector>

namespace btrkit::test {

struct RichSourceOptions {
    bool for_tar = false;     ///< without what GNU tar does not carry: sockets, links of fifos, flags
    bool with_extrefs = true; ///< more names of an inode in a directory than a leaf bears without the extref feature
    bool is_root = true;      ///< owners, device nodes, trusted and security xattrs, immutable files, mode 0000
};

/// How bytes look.
enum class Texture { text, random, mixed, zeros };

struct SourceNode {
    std::string path; ///< from the top; parents come first
    u32 mode = 0;     ///< type and permissions
    u32 uid = 0;
    u32 gid = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    std::string target = {}; ///< of a symlink; of a regular file: the path whose second name it is
    u64 size = 0;
    std::vector<std::pair<u64, u64>> ranges = {}; ///< offset and length of data; the rest is a hole
    Texture texture = Texture::text;
    std::vector<std::pair<std::string, std::string>> xattrs = {};
    u32 chattr_flags = 0; ///< FS_*_FL; those the host does not know are left out
};

std::vector<SourceNode> rich_source(const RichSourceOptions& options);

} // namespace btrkit::test
