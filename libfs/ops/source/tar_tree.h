// SPDX-License-Identifier: MIT
// A tree that grows name by name, from names that a stranger may have written.
#pragma once

#include "libfs/ops/source/source_tree.h"

#include <set>
#include <string_view>

namespace btrkit::source {

/// Names are paths from the top: leading '/', empty and "." parts mean nothing, ".." leads up, at most to the top.
/// Symlinks before the last name are followed as on a system that has this tree as its root: none leads out of it.
/// Errors are of kind damaged and name the path.
class TarTree {
public:
    /// Directories that have no entry of their own are 0755, root's, and of this time.
    explicit TarTree(Time now) : tree_(empty_source_tree(now)), now_(now), names_(Less{&tree_}) {}
    TarTree(const TarTree&) = delete;
    TarTree& operator=(const TarTree&) = delete;

    /// What has the name already is replaced, as tar(1) does it: of a directory by a directory the attributes (even of
    /// the top), anything else as a whole. Refused are another thing for a directory that is not empty, and what lies
    /// below what is no directory or below a symlink to nothing. Returns the inode.
    Result<u32> add(std::string_view path, SourceInode inode);
    /// One more name for what target names, which must be there and no directory.
    Result<void> add_link(std::string_view path, std::string_view target);

    SourceInode& inode(u32 number) { return tree_.inodes[number]; }

    /// The settled tree; nothing can be added any more.
    SourceTree release();

private:
    /// An entry by its place, compared by its directory and name.
    struct Key {
        u32 directory;
        u32 position;
    };
    struct Name {
        u32 directory;
        std::string_view text;
    };
    struct Less {
        using is_transparent = void;
        const SourceTree* tree;

        Name name_of(const Key& key) const {
            return {key.directory, tree->inodes[key.directory].entries[key.position].name};
        }
        static Name name_of(Name name) { return name; }
        bool operator()(const auto& a, const auto& b) const {
            const Name x = name_of(a);
            const Name y = name_of(b);
            return x.directory != y.directory ? x.directory < y.directory : x.text < y.text;
        }
    };
    /// Where a name is or would be: the last part of a path, and the directory that it is in. No text: the top.
    using Place = Name;

    u32 find(const Name& name) const; ///< no_inode: not there
    Result<Place> place_of(std::string_view path);
    /// The directory that the last part is in. makes_missing: directories of the path that are not there are made.
    Result<u32> directory_of(const std::vector<std::string_view>& parts, std::string_view path, bool makes_missing);
    /// Gives the name to the inode, whatever has it now.
    Result<void> put(const Place& place, u32 inode, std::string_view path);
    Result<u32> make(const Place& place, SourceInode inode, std::string_view path);

    SourceTree tree_;
    Time now_;
    std::set<Key, Less> names_;  ///< and no hash table: names that collide can be made on purpose
    std::string last_directory_; ///< the path before the last name, as it was written, that was found or made last
    u32 last_directory_inode_ = 0;
};

} // namespace btrkit::source
