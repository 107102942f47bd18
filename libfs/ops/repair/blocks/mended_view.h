// SPDX-License-Identifier: MIT
// The filesystem as it would be if some of its blocks were what they must have been. Nothing of it is ever written in
// its place: the blocks are moved elsewhere in the commit (lay_out(), leave_blocks()), for all that share them.
//
//  1. Go through all trees for blocks that are lost, and through the findings for those with impossible items.
//  2. Mend those that can be (mend_block.h), and file extents whose address only the extent tree knows
//     (lost_file_extents.h). Write them over the view.
//  3. Below them others may be lost: again from 1, until nothing more can be mended.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/base/run_context.h"
#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/overlaid.h"

namespace btrkit::repair {

class MendedView {
public:
    /// Nothing where no block can be mended. The filesystem must outlive it. Fails as devices do, and with cancelled.
    static Result<std::optional<MendedView>> find(const Filesystem& filesystem, const survey::Findings& findings,
                                                  const RunContext& context);

    const Filesystem& filesystem() const { return overlaid_.filesystem; }
    const std::vector<MendedBlock>& blocks() const { return blocks_; }
    /// Of the blocks.
    RangeSet addresses() const;

private:
    explicit MendedView(Overlaid overlaid) : overlaid_(std::move(overlaid)) {}

    Result<bool> mend_lost(const survey::Findings& findings, const RunContext& context);
    Result<bool> mend_extents(const survey::Findings& findings);
    Result<void> add(MendedBlock block);

    Overlaid overlaid_;
    std::vector<MendedBlock> blocks_;
};

} // namespace btrkit::repair
