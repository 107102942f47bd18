// SPDX-License-Identifier: MIT
// A data extent with all that refers to it, and what that makes of it.
#pragma once

#include "libfs/ops/usage/files/data_ref.h"
#include "libfs/survey/sharing/root_sets.h"

#include <optional>

namespace btrkit::usage {

struct ExtentGroup {
    std::span<const DataRef> refs;  ///< of one extent, all of them; never empty
    survey::RootSets::Id roots = 0; ///< all trees that reach one of them
    /// FIEMAP's flag: the file extents that refer to it are of more than one tree, inode or base (data_ref.h). A kernel
    /// asks the extent tree and gets the same answer.
    bool is_shared = false;
    /// Unpacked bytes of it that no reference covers.
    u64 unseen_bytes = 0;

    u64 disk_bytes() const { return refs.front().disk_bytes; }
    u64 ram_bytes() const { return refs.front().ram_bytes; }
    /// As compsize has it: that of the reference which is met first.
    DataKind kind() const { return refs.front().kind; }
    /// What is occupied for no one: of a compressed extent, the part that unseen_bytes are of all, which is an
    /// estimate.
    u64 wasted_bytes() const;
};

/// The groups of references that stand in the order of RefWindow::settled(), one by one.
class ExtentGroups {
public:
    ExtentGroups(std::span<const DataRef> refs, survey::RootSets& sets) : rest_(refs), sets_(sets) {}

    /// Nothing behind the last.
    std::optional<ExtentGroup> next();

private:
    std::span<const DataRef> rest_;
    survey::RootSets& sets_;
};

} // namespace btrkit::usage
