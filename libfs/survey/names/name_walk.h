// SPDX-License-Identifier: MIT
// The walk of names: what stands below a directory, name by name, through the subvolumes that hang in it and past
// whatever is damaged. For who lists, finds or takes out files.
//
//   1. Entries by the DIR_INDEX items of a directory, in the order in which they were made; for each its inode.
//   2. Where some of them are lost, what the DIR_ITEM items of the same directory still tell.
//   3. Behind all other of a subvolume, if something of it was lost: inodes that no entry has led to. By their own
//      references they stand at their place; where those are lost too, or lead to nothing, below "lost+found/NUMBER"
//      at the base of the subvolume. A directory of which only its number is known gives its files there.
//   4. At the end, if the walk began at the top: subvolumes that no entry has led to, at "lost+found/subvolume-ID".
//
// Whatever the image holds, it ends and its memory is bounded: a directory is entered once in each subvolume, a
// subvolume once, paths have bounds, and an open directory is kept as a number and a key. Names are possible ones
// (is_possible_name()); all others are damage. What is not ruled out: the same name twice in one directory.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/subvolume_view.h"

#include <functional>
#include <memory>

namespace btrkit::survey {

/// One name, and what it leads to.
struct WalkedName {
    std::string name; ///< the last of its path; of the base empty
    u64 dir = 0;      ///< the directory that it stands in; 0: of the base, and of what is found under lost+found
    u64 index = 0;    ///< in that directory; 0 where it is not known
    const TreeRoot* tree = nullptr; ///< of the inode; lives as long as the walk
    u64 number = 0;                 ///< of the inode
    /// Nothing: it is lost, or the walk was not asked to read inodes.
    std::optional<Inode> inode = {};
    btrfs::FileType type = btrfs::FileType::unknown; ///< by the inode where there is one, else by the entry
    bool is_subvolume = false;                       ///< the top directory of another subvolume
    bool is_snapshot = false;                        ///< is_subvolume, and made as a snapshot
    /// Of a subvolume that was not copied with the snapshot that has its entry: an empty directory, as kernels show it.
    bool hangs_elsewhere = false;
    /// No entry has led here (steps 3 and 4). Directories above it have been left already, or have no name of their
    /// own.
    bool is_found = false;

    bool is_directory() const { return type == btrfs::FileType::directory; }
    InodePlace place() const { return {.tree = *tree, .inode = number}; }
};

struct NameStep {
    enum class Kind : u8 {
        name,   ///< there is such a name
        enter,  ///< what stands in a directory follows; the one that was told of as a name before
        leave,  ///< the end of that
        damage, ///< something could not be read, or makes no sense; the walk goes on
    };
    Kind kind = Kind::name;
    /// Below the base, whose own is empty: "a/b". Of damage: the directory or name that it was met at. Lives until the
    /// next step, as `walked` does.
    std::string_view path = {};
    unsigned depth = 0;                 ///< names in the path
    const WalkedName* walked = nullptr; ///< not of damage; of leave only its tree and number count
    const Error* damage = nullptr;      ///< only of damage
};

struct NameWalkOptions {
    enum class Subvolumes : u8 { stay_out, enter, enter_snapshots_too };
    Subvolumes subvolumes = Subvolumes::enter;

    enum class Order : u8 {
        inside_first,    ///< a directory's inside follows its name: constant memory
        directory_first, ///< all names of a directory, then the insides, as `ls -R`: memory for the names of a
                         ///< directory
    };
    Order order = Order::inside_first;
    /// With directory_first: the order within a directory. Empty: as they were made.
    std::function<bool(const WalkedName&, const WalkedName&)> is_before = {};

    /// Without, inodes are looked up only where nothing else tells what a name is.
    bool read_inodes = true;

    enum class Lost : u8 { leave, after_damage, always };
    /// Whether to look for inodes that no entry leads to: reads all leaves of the subvolume once more.
    Lost lost = Lost::after_damage;

    unsigned most_depth = most_path_levels; ///< directories at this depth are told of and not entered
    std::size_t cache_bytes = std::size_t{48} << 20;
};

/// For one thread. The filesystem must outlive it.
class NameWalk {
public:
    /// Longer paths are not entered, which is told as damage.
    static constexpr std::size_t most_path_bytes = std::size_t{64} << 10;

    NameWalk(const Filesystem& filesystem, const InodePlace& base, NameWalkOptions options);
    ~NameWalk();
    NameWalk(NameWalk&&) noexcept;
    NameWalk& operator=(NameWalk&&) = delete;

    /// The next step, null behind the last. The first one is the base itself.
    const NameStep* next();
    /// The directory whose name was told last is not entered.
    void skip();

    /// Look-ups in the subvolume of the step that was told last, through the cache of the walk.
    SubvolumeView& view();
    /// How many steps were damage.
    u64 damage_count() const;

private:
    class Walker;
    std::unique_ptr<Walker> walker_;
};

} // namespace btrkit::survey
