// SPDX-License-Identifier: MIT
// The verbs of btrkit-edit that change files: their options and operands, and the changes that come of them.
#pragma once

#include "apps/changing/change_verb.h"
#include "libfs/ops/edit_files/command.h"

namespace btrkit::apps {

/// Of all of them; each verb has some.
struct EditFlags {
    std::vector<std::string> operands;
    bool with_parents = false; ///< put, mkdir -p
    bool recursive = false;    ///< rm, cp -r; chmod, chown, chattr -R
    bool force = false;        ///< rm -f
    bool symbolic = false;     ///< ln -s
    bool reflink = false;      ///< cp --reflink: it does so anyway
    bool no_create = false;    ///< touch -c
    bool only_atime = false;   ///< touch -a
    bool only_mtime = false;   ///< touch -m
    bool is_tar = false;
    bool all_root = false;
    std::string owner;
    std::string uid_map;
    std::string gid_map;
    std::string compress;
    std::string mode;
    std::string time;                ///< touch -d
    std::string size;                ///< truncate -s
    std::string name;                ///< setfattr -n
    std::string value;               ///< setfattr -v
    std::string removed;             ///< setfattr -x
    std::vector<std::string> xattrs; ///< put --xattr
    u64 cleared = 0;                 ///< chattr -FLAGS
};

using EditVerb = ChangeVerb<EditFlags, edit_files::Change>;

std::span<const EditVerb> edit_verbs();

} // namespace btrkit::apps
