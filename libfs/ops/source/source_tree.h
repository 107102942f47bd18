// SPDX-License-Identifier: MIT
// What a filesystem is to be filled with: every inode and every name, but not yet a byte of file data.
//
// Where it came from (a directory of the host, a tar) is forgotten, but for the Content that hands out file data.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace btrkit::source {

using btrkit::Time;
using btrkit::Xattr;

/// Where a file has data; the rest up to its size is a hole.
struct DataRange {
    u64 offset = 0;
    u64 length = 0;
};

/// A name in a directory.
struct SourceEntry {
    std::string name; ///< any bytes but '/' and NUL
    u32 inode = 0;    ///< index into SourceTree::inodes
};

enum class SubvolumeKind { none, writable, read_only };

inline constexpr u32 no_inode = ~u32{0};

struct SourceInode {
    u32 mode = 0; ///< type and permissions, as in stat(2)
    u32 uid = 0;
    u32 gid = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u64 size = 0;    ///< of a regular file
    u32 content = 0; ///< of a regular file: what Content knows its data as; several inodes may have the same
    u64 flags = 0;   ///< btrfs::inode_*: what the source has of chattr's flags
    Time atime, ctime, mtime, otime;
    std::vector<Xattr> xattrs;        ///< sorted by name
    std::string link_target;          ///< of a symlink
    std::vector<DataRange> data;      ///< of a regular file: sorted, disjoint, not empty, within size
    std::vector<SourceEntry> entries; ///< of a directory: sorted by name (bytes)
    u32 parent = no_inode; ///< the directory that holds its first name; no_inode for the top and for the unnamed
    u32 parent_entry = 0;  ///< and which of its entries that is
    SubvolumeKind subvolume = SubvolumeKind::none; ///< of a directory: what hangs there is a subvolume of its own
};

/// Hands out the data of regular files, to several threads at once.
class Content {
public:
    virtual ~Content() = default;
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    /// Fills out with the bytes from offset, none beyond the file's size, holes as zeros. content is SourceInode's.
    /// Fails with io, naming the path, where that can't be done, and where the file is no longer what it was when the
    /// tree was made (size, times, identity). Cheapest in the order of inodes, a small file as a whole.
    virtual Result<void> read(u32 content, u64 offset, MutableBytes out) const = 0;

    /// Calls use with the file of the host that holds the content, open for reading at the same offsets. Fails as use
    /// does, as read() does where the file is no longer what it was, and with unsupported where there is no such file.
    virtual Result<void> with_file(u32 content, const std::function<Result<void>(int fd)>& use) const;

protected:
    Content() = default;
};

struct SourceTree {
    std::vector<SourceInode> inodes;  ///< the first is the top directory; every other is reached by at least one entry
    u32 default_subvolume = no_inode; ///< the directory that is mounted by default, if not the top
    std::unique_ptr<Content> content; ///< null: there are no files with data
};

/// A new tree: nothing but an empty top directory, 0755, owned by root, all its times at `now`.
SourceTree empty_source_tree(Time now);

/// Sorts every directory's entries by name and sets parent and parent_entry of all inodes, walking from the top, in the
/// order of names, each directory with all that is below it before the next name. Called by whoever makes or changes a
/// tree; needs every inode but the top to be reached, and directories by one name only.
void settle(SourceTree& tree);

/// Calls visit(directory, position) for every entry of the tree, in the order that settle() describes. visit may change
/// the entry, but not add or remove any.
template <class Tree, class Visit>
void for_each_entry(Tree& tree, Visit&& visit) {
    struct Level {
        u32 directory;
        u32 next;
    };
    std::vector<Level> levels = {{0, 0}};
    while (!levels.empty()) {
        Level& level = levels.back();
        if (level.next == tree.inodes[level.directory].entries.size()) {
            levels.pop_back();
            continue;
        }
        const Level now = {level.directory, level.next++};
        const u32 child = tree.inodes[now.directory].entries[now.next].inode;
        visit(now.directory, now.next);
        if (!tree.inodes[child].entries.empty()) {
            levels.push_back({child, 0});
        }
    }
}

/// The path of an inode's first name, from the top directory, without leading '/'; "." for the top.
std::string path_of(const SourceTree& tree, u32 inode);

/// The file's data ranges, widened to sectors and joined where they touch.
std::vector<DataRange> sector_ranges(const SourceInode& inode, u32 sectorsize);

} // namespace btrkit::source
