// SPDX-License-Identifier: MIT
// What a Linux kernel (6.x) will do with a filesystem in which this was found.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

enum class Mountable {
    read_write,
    read_only, ///< only so, perhaps with options such as degraded or rescue
    refused,   ///< not at all without repair
};

struct Mountability {
    Mountable state = Mountable::read_write;
    std::string reason = {};             ///< in a few words; empty: there is nothing to say
    bool is_for_missing_devices = false; ///< with all devices it might be another
};

/// Also of a filesystem whose trees were not looked at, with what opening it has found. Damage in file trees does not
/// keep a filesystem from being mounted: it is met when somebody goes there.
Mountability judge_mountability(const survey::Findings& findings, const Filesystem& filesystem);

/// Of devices without a filesystem that can be opened.
Mountability judge_unopened(const survey::Findings& findings);

} // namespace btrkit::check
