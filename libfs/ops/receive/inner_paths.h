// SPDX-License-Identifier: MIT
// Paths within a subvolume, as streams have them (internal to libfs/ops/receive).
//
// They are followed name by name from the top of the subvolume; nothing leads out: no "..", no symbolic link, no other
// subvolume. A new inode comes under a name for the time being (oINO-GEN-N) and is renamed at once: until then it has
// no name in the tree, only here.
#pragma once

#include "libfs/edit/file_editor.h"

#include <map>

namespace btrkit::receive {

class InnerPaths {
public:
    /// files must outlive it.
    InnerPaths(FileEditor& files, u64 tree) : files_(&files), tree_(tree) {}

    /// Fails with not_found, and with refused where the path would lead out.
    Result<PlaceInTree> find(std::string_view path);
    /// The directory that the path's last name is in, and that name, which need not be there.
    Result<NamedPlace> find_parent(std::string_view path);

    /// Where a new inode of this path would stand. Fails with refused where something is there.
    Result<NamedPlace> place_for_new(std::string_view path);
    /// A new inode stands there: under its name, or for the time being under none where that looks like one that will
    /// be changed.
    Result<void> add(const NamedPlace& place, const PlaceInTree& made);
    /// As rename(2).
    Result<void> rename(std::string_view from, std::string_view to);
    /// What the path leads to has a name in the tree from now on, for who takes or gives names there.
    Result<void> settle(std::string_view path);
    /// All have names in the tree.
    Result<void> settle_all();
    /// Names were taken away or given to others: nothing that was found before counts any more.
    void forget();

private:
    struct Found {
        std::string path;
        PlaceInTree place;
    };

    Result<PlaceInTree> step(const PlaceInTree& dir, std::string_view name);
    Result<PlaceInTree> find_directory(std::string_view path);
    PlaceInTree top() const { return {.tree = tree_, .inode = btrfs::root_dir_inode}; }

    FileEditor* files_;
    u64 tree_;
    std::map<std::string, PlaceInTree, std::less<>> unnamed_; ///< by what they are called for the time being
    std::optional<Found> last_;                               ///< commands come many for one path
    std::optional<Found> last_directory_;
};

} // namespace btrkit::receive
