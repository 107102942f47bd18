// SPDX-License-Identifier: MIT
// From numbers to paths, by the references that inodes have to their directories.
#pragma once

#include "libfs/survey/naming/limited_cache.h"
#include "libfs/survey/roots.h"

#include <map>

namespace btrkit::survey {

/// Whatever the references say, it ends, and paths are bounded: of one that is too long or whose beginning is lost or
/// leads in a circle there is only the end, behind "...".
class Paths {
public:
    Paths(const Roots& roots, LimitedCache& cache) : roots_(roots), cache_(cache) {}

    static constexpr std::size_t most_names = 64;

    /// The paths of an inode in a subvolume, from that one's top ("/a/b"), one for each of its names as far as they are
    /// not more than most_names. Empty: it has no names that could be found.
    std::vector<std::string> of_inode(const RootRecord& subvolume, u64 inode);
    /// The path of a name in a directory.
    std::string of_entry(const RootRecord& subvolume, u64 directory, std::string_view name);
    /// From the top-level subvolume, which is "/".
    const std::string& of_subvolume(u64 id);

private:
    struct Name {
        u64 parent;
        std::string text;
    };
    std::vector<Name> names_of(const RootRecord& subvolume, u64 inode, std::size_t most);
    /// Without a slash at the end: "" is the top.
    const std::string& of_directory(const RootRecord& subvolume, u64 inode);

    const Roots& roots_;
    LimitedCache& cache_;
    std::map<std::pair<u64, u64>, std::string> directories_; ///< by subvolume and inode
    std::map<u64, std::string> subvolumes_;
};

} // namespace btrkit::survey
