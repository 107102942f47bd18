// SPDX-License-Identifier: MIT
// What a Linux kernel will do with a filesystem in which this was found.
#pragma once

#include "libfs/base/kernels.h"
#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

enum class Mountable {
    read_write,
    read_only, ///< only so, perhaps with options such as degraded or rescue
    refused,   ///< not at all without repair
};

struct Mountability {
    KernelVersion kernel = newest_kernel; ///< of which this is said
    Mountable state = Mountable::read_write;
    std::string reason = {};             ///< in a few words; empty: there is nothing to say
    bool is_for_missing_devices = false; ///< with all devices it might be another
    bool is_kernels_fault = false;       ///< refused as a kernel has left it
    bool needs_rescue = false;           ///< only with a rescue option, which the reason names
    bool panics = false;                 ///< trying, perhaps with a rescue option, may bring the machine down
};

/// What one kernel will do, and those others of all_kernels that do something else.
struct MountAnswers {
    Mountability asked;
    std::vector<Mountability> others = {};
};

/// Also of a filesystem whose trees were not looked at, with what opening it has found. Damage in file trees does not
/// keep a filesystem from being mounted: it is met when somebody goes there.
MountAnswers judge_mountability(const survey::Findings& findings, const Filesystem& filesystem,
                                KernelVersion kernel = newest_kernel);

/// Of devices without a filesystem that can be opened.
Mountability judge_unopened(KernelVersion kernel);

} // namespace btrkit::check
