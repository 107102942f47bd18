// SPDX-License-Identifier: MIT
// What is to be changed about subvolumes: one value a change, from the command line or from a line of a script.
//
// Names are as users give them: a subvolume by path or id (survey/subvolume.h), all else by path. They mean what is
// there when the commands before have been done.
#pragma once

#include "formats/btrfs/uuid.h"
#include "libfs/base/address.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace btrkit::subvolume {

/// A new, empty subvolume.
struct Create {
    std::string path;
    bool with_parents = false;            ///< directories on the way to it are made where they are missing
    std::optional<btrfs::Uuid> uuid = {}; ///< nothing: a random one
    /// Quota groups of a higher level that its own one joins; all must be there.
    std::vector<u64> qgroups = {};
};

struct Snapshot {
    std::string source; ///< the subvolume
    /// Where it is to be; where a directory is there already, it goes into that under the source's name.
    std::string path;
    bool is_read_only = false;
    std::optional<btrfs::Uuid> uuid = {};
    std::vector<u64> qgroups = {}; ///< as in Create
};

struct Delete {
    std::string subvolume;
    bool recursive = false; ///< those that hang in it first; otherwise it is refused where there are any
};

/// Subvolumes that were deleted and are not cleaned up yet: what they still have is given back.
struct Sync {
    std::optional<u64> id = {}; ///< nothing: all. One that is gone already is passed over
};

/// What is mounted if nothing else is said.
struct SetDefault {
    std::string subvolume;
};

struct SetReadOnly {
    std::string subvolume;
    bool is_read_only = false;
    /// Also where it was received: it loses its received uuid then. Otherwise a received one is not made writable.
    bool force = false;
};

/// Of the filesystem.
struct SetLabel {
    std::string label; ///< shorter than the label of a superblock, without newline
};

using Change = std::variant<Create, Snapshot, Delete, Sync, SetDefault, SetReadOnly, SetLabel>;

struct Command {
    Change change;
    u64 line = 0; ///< of the script; 0: from the command line
};

} // namespace btrkit::subvolume
