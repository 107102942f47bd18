// SPDX-License-Identifier: MIT
// Faults in words.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/verify/fault.h"

namespace btrkit::survey {

/// One problem, or for a tree block as many as speak against it. Places name device, offset and mirror.
Problems problems_of(const Fault& fault, const Filesystem& filesystem);

/// Where good bytes come from: "mirror 2", "parity", "the data"; empty: nowhere.
std::string source_of(const Fault& fault, const Chunk& chunk);

} // namespace btrkit::survey
