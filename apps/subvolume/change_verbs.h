// SPDX-License-Identifier: MIT
// The verbs that change subvolumes: their options and operands, declared once for the command line and for lines of a
// script, and the commands that come of them.
#pragma once

#include "apps/changing/change_verb.h"
#include "libfs/ops/subvolume/command.h"

namespace btrkit::apps {

/// Of all of them; each verb has some.
struct ChangeFlags {
    std::vector<std::string> operands;
    bool with_parents = false;          ///< create -p
    bool read_only = false;             ///< snapshot -r
    bool recursive = false;             ///< delete -R
    bool commit_after = false;          ///< delete -c, -C: it is so anyway
    bool force = false;                 ///< property set -f
    std::string uuid;                   ///< of the new subvolume; empty: a random one
    std::vector<std::string> subvolids; ///< delete -i
    std::vector<std::string> qgroups;   ///< create -i, snapshot -i
};

using SubvolumeVerb = ChangeVerb<ChangeFlags, subvolume::Change>;

std::span<const SubvolumeVerb> change_verbs();

} // namespace btrkit::apps
