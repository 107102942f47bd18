// SPDX-License-Identifier: MIT
// A block in the place of one that is lost: what was promised of that, with other contents.
#pragma once

#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/lost/lost_blocks.h"
#include "libfs/tree/open_block.h"

namespace btrkit::repair {

class BlockMaker {
public:
    /// The filesystem must outlive it.
    explicit BlockMaker(const Filesystem& filesystem);

    /// Nothing where it were not what was promised: items may be wrong by themselves, but not the block.
    std::optional<MendedBlock> make(const LostBlock& lost, OpenBlock& contents, std::string what) const;
    /// The same of a block that can be read, with other contents; its first key may be another one.
    MendedBlock remake(const TreeBlock& block, OpenBlock& contents, std::string what) const;

private:
    const Filesystem* filesystem_;
    btrfs::Uuid chunk_tree_uuid_;
};

} // namespace btrkit::repair
