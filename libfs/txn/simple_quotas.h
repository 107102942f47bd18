// SPDX-License-Identifier: MIT
// Simple quotas: how many bytes each subvolume has allocated. They can't be counted anew by a kernel as full ones can,
// so they are kept exact (docs/format.md): an extent counts for the subvolume that allocated it, whoever has it later,
// from when it is made until its last reference goes, and for all groups above.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_buffer.h"

#include <map>

namespace btrkit {

class SimpleQuotas {
public:
    /// Nothing is counted.
    SimpleQuotas() = default;
    /// Extents that are older than since count for nobody.
    explicit SimpleQuotas(u64 since) : since_(since) {}

    bool are_kept() const { return since_.has_value(); }
    void add_taken(u64 owner, u64 bytes);
    /// generation: of the extent, which takes the place of others and keeps theirs.
    void add_taken(u64 owner, u64 bytes, u64 generation);
    /// generation: of the extent that is gone.
    void add_freed(u64 owner, u64 bytes, u64 generation);

    bool has_changes() const { return !changes_.empty(); }
    /// Brings all changes since the last call into the quota tree. Fails with damaged where a group has less than it
    /// gives back.
    Result<void> settle(TreeBuffer& quota_tree, u64 generation);

private:
    std::optional<u64> since_;
    std::map<u64, std::int64_t> changes_; ///< bytes, by owner
};

/// Those of the filesystem, where it has them and they are on. Fails with damaged.
Result<SimpleQuotas> read_simple_quotas(const Filesystem& filesystem);

} // namespace btrkit
