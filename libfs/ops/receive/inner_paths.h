// SPDX-License-Identifier: MIT
// Paths within a subvolume, as streams have them (internal to libfs/ops/receive).
//
// They are followed name by name from the top of the subvolume; nothing leads out: no "..", no symbolic link, no other
// subvolume.
#pragma once

#include "libfs/edit/file_editor.h"

#include <functional>

namespace btrkit::receive {

class InnerPaths {
public:
    /// Both must outlive it.
    InnerPaths(InodeEditor& inodes, FileEditor& files, u64 tree) : inodes_(&inodes), files_(&files), tree_(tree) {}

    /// Fails with not_found, and with refused where the path would lead out.
    Result<PlaceInTree> find(std::string_view path);
    /// The directory that the path's last name is in, and that name, which need not be there. Fails with refused where
    /// it is no directory.
    Result<NamedPlace> find_parent(std::string_view path);

    /// Where a new inode of this path would stand. Fails with refused where something is there.
    Result<FreeName> place_for_new(std::string_view path);
    /// Does what puts or takes a name in the top directory. Where that is one for the time being (oINO-GEN-N), which
    /// its sender never had there, the directory stays dated as it was.
    Result<void> change_top(std::string_view path, const std::function<Result<void>()>& change);
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

    InodeEditor* inodes_;
    FileEditor* files_;
    u64 tree_;
    std::optional<Found> last_; ///< commands come many for one path
    std::optional<Found> last_directory_;
};

} // namespace btrkit::receive
