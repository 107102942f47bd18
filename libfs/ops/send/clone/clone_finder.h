// SPDX-License-Identifier: MIT
// Where a receiver already has the bytes of an extent: what CLONE commands are made of.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_search.h"

#include <memory>
#include <vector>

namespace btrkit::send {

/// The range of a file that is about to be sent, and the extent that it stands in.
struct CloneQuery {
    u64 inode = 0;
    u64 file_offset = 0;      ///< where the file extent item begins (its key's offset)
    u64 num_bytes = 0;        ///< of the file extent item
    u64 disk_bytenr = 0;      ///< not 0
    u64 offset_in_extent = 0; ///< where the item's range begins in the unpacked extent
    bool is_compressed = false;
    u64 leaf_owner = 0;        ///< owner of the leaf that holds the item
    u64 inode_size = 0;        ///< of the file; file_offset is below it
    u64 next_write_offset = 0; ///< of the file, what lies before has been sent already
};

/// A place that the same bytes are at.
struct CloneSource {
    u64 tree = 0;
    u64 inode = 0;
    u64 offset = 0;    ///< in that file, of the same byte as CloneQuery::file_offset
    u64 num_bytes = 0; ///< of the file extent item there
};

/// Finds sources by the references of the extent tree, as the kernel does it, so that the choice is the same.
class CloneFinder {
public:
    /// roots: the trees that may be cloned from, sent_tree among them; ascending, each once. For one thread.
    CloneFinder(const Filesystem& filesystem, BlockCache& cache, std::vector<u64> roots, u64 sent_tree);
    ~CloneFinder();
    CloneFinder(CloneFinder&&) noexcept;

    /// Nothing where the bytes must be written. Damage in the extent tree only costs the clone: it is as if there were
    /// no such reference.
    std::optional<CloneSource> find(const CloneQuery& query);

private:
    struct State;
    std::unique_ptr<State> state_; ///< null: there is no extent tree
};

} // namespace btrkit::send
