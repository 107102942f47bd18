// SPDX-License-Identifier: MIT
// What stands in a directory of one side, by name.
#pragma once

#include "libfs/fs/directory.h"
#include "libfs/ops/diff/context.h"

#include <memory>
#include <set>
#include <unordered_set>

namespace btrkit::diff {

/// An entry, and where it leads.
struct Entry {
    std::string name = {};
    std::shared_ptr<const TreeRoot> tree = {}; ///< null: a subvolume that hangs elsewhere, or is lost
    u64 inode = 0;
    btrfs::FileType type = btrfs::FileType::unknown;
    bool is_subvolume = false;

    bool leads_somewhere() const { return tree != nullptr; }
    /// Needs leads_somewhere().
    InodePlace place() const { return {.tree = *tree, .inode = inode}; }
    bool is_directory() const { return type == btrfs::FileType::directory; }
};

/// "a/b"; of the top, whose path is empty, "b".
std::string path_below(std::string_view path, std::string_view name);

/// Whatever the image holds, a directory is entered once: a path that leads in a circle ends.
class Entries {
public:
    Entries(const Side& side, Context& context) : side_(side), context_(context) {}

    /// Needs a directory that leads somewhere. Sorted by name, each name once, without what is told elsewhere. What
    /// can't be read is told. Empty where it was read before.
    std::vector<Entry> read(std::string_view path, const Entry& dir);
    /// What has that path is told elsewhere, for it was renamed.
    void leave_out(std::string path) { left_out_.insert(std::move(path)); }
    /// It may be read once more.
    void forget(const Entry& dir) {
        if (dir.leads_somewhere()) {
            entered_.erase({dir.tree->id, dir.inode});
        }
    }

private:
    const Side& side_;
    Context& context_;
    std::set<std::pair<u64, u64>> entered_; ///< by tree and inode
    std::unordered_set<std::string> left_out_;
};

} // namespace btrkit::diff
