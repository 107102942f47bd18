// SPDX-License-Identifier: MIT
// A whole tree of files as a list of facts, from an image by our own library or from a directory of the host by system
// calls; and what is different between two of them. Stands on fs/: not part of btrkit_test_support.
#pragma once

#include "libfs/fs/directory.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"

#include <set>
#include <string>
#include <vector>

namespace btrkit::test {

/// Bytes of a file that are no hole: from begin up to end.
struct DataRange {
    u64 begin = 0;
    u64 end = 0;

    friend bool operator==(const DataRange&, const DataRange&) = default;
};

/// One name. What has no meaning for a type, or can't be compared between kinds of filesystems (sizes and link counts
/// of directories), is 0 or empty.
struct TreeRecord {
    std::string path; ///< from the top, without leading '/'; "." for the top itself
    u32 mode = 0;     ///< type and permissions
    u32 uid = 0;
    u32 gid = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u64 size = 0;
    u32 nlink = 0;
    Time atime = {};
    Time mtime = {};
    Time ctime = {};
    Time otime = {};
    u64 flags = 0; ///< btrfs::inode_*: those that chattr shows
    std::vector<Xattr> xattrs = {};
    std::string target = {};            ///< of a symlink
    std::string first_name = {};        ///< path of the first name of the same inode
    std::vector<DataRange> ranges = {}; ///< as lseek(2) tells
    std::string content = {};           ///< a hash
    bool is_subvolume = false;          ///< never for the top
    bool is_read_only = false;          ///< a subvolume
    /// The entry of a subvolume that hangs elsewhere: nothing but the path is told.
    bool is_placeholder = false;
};

using TreeListing = std::vector<TreeRecord>; ///< sorted by path

/// Everything below a directory, through subvolumes. Fails where anything can't be read.
Result<TreeListing> list_image(const Filesystem& filesystem, const InodePlace& top);
Result<TreeListing> list_directory(const std::string& directory);

/// A readable line for each difference. ignored: names as the lines have them, of "mode uid gid rdev size nlink atime
/// mtime ctime otime flags xattrs target links ranges content subvolume".
std::vector<std::string> differences(const TreeListing& left, const TreeListing& right,
                                     const std::set<std::string>& ignored);
/// All the names that differences() knows.
const std::vector<std::string>& comparable_fields();

/// Sorts, and fills first_name from a number of the inode of each record.
void settle(std::vector<std::pair<TreeRecord, std::pair<u64, u64>>>& records, TreeListing& listing);

/// Appends a range, to the last one if it follows at once.
void add_range(std::vector<DataRange>& ranges, u64 begin, u64 end);

} // namespace btrkit::test
