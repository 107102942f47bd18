// SPDX-License-Identifier: MIT
// A plain model of subvolumes with files in them, in memory: what a history of changes must have left.
#pragma once

#include "libfs/edit/directory_editor.h"
#include "libfs/fs/xattrs.h"
#include "tests/support/tree_listing.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace btrkit::test {

struct ModelFile {
    PlaceInTree place;
    u32 mode = 0;
    u32 uid = 0;
    u32 gid = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u64 flags = 0;
    Time atime = {};
    Time mtime = {};
    Time ctime = {};
    Time otime = {};
    std::map<std::string, std::string> xattrs = {};
    std::string content = {}; ///< of a file; of a symlink, where it leads
    std::map<std::string, std::shared_ptr<ModelFile>> entries = {};
    bool is_subvolume = false;
    bool is_placeholder = false; ///< what a snapshot has of a subvolume
    u32 nlink = 1;

    bool is_directory() const;
    bool is_regular() const;
};
using ModelFilePtr = std::shared_ptr<ModelFile>;

/// A directory and a name in it.
struct ModelName {
    ModelFilePtr dir;
    std::string name;

    NamedPlace place() const { return {.dir = dir->place, .name = name}; }
};

/// All below the top, once for each name; subvolumes are gone into.
std::vector<ModelName> all_names(const ModelFilePtr& top);
/// The top and all directories below it.
std::vector<ModelFilePtr> all_directories(const ModelFilePtr& top);

/// A snapshot of a subvolume, in a tree of that id; files with several names stay one file.
ModelFilePtr snapshot_of(const ModelFilePtr& subvolume, u64 tree);

/// As list_image() would list it; ranges of holes are not told.
TreeListing listing_of(const ModelFilePtr& top);

} // namespace btrkit::test
