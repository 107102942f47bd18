// SPDX-License-Identifier: MIT
// The filesystem as it would be if some of its blocks were what they must have been. Nothing of it is ever written in
// its place: the blocks are moved elsewhere in the commit (lay_out(), leave_blocks()), for all that share them.
//
//  1. Go through all trees for blocks that are lost, and through the findings for those with impossible items.
//  2. Mend those that can be (mend_block.h), and nodes from their children (lost/rejoin_nodes.h). Write them over the
//     view. Below them others may be lost: again from 1, until nothing more can be mended.
//  3. Where that is allowed, put something else in the place of what is still lost (lost/replace_lost.h): first what is
//     guessed, then what is lossy. Each time again from 1.
//  4. Mend file extents whose address only the extent tree knows (extents/lost_file_extents.h).
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/base/run_context.h"
#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/lost/lost_blocks.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/overlaid.h"

#include <set>

namespace btrkit::repair {

class MendedView {
public:
    /// Nothing where no block can be mended. allowed: what may be done about blocks that are lost. The filesystem must
    /// outlive it. Fails as devices do, and with cancelled.
    static Result<std::optional<MendedView>> find(const Filesystem& filesystem, const survey::Findings& findings,
                                                  const std::set<Grade>& allowed, const RunContext& context);

    const Filesystem& filesystem() const { return overlaid_.filesystem; }
    const std::vector<MendedBlock>& blocks() const { return blocks_; }
    /// Of the blocks.
    RangeSet addresses() const;

private:
    explicit MendedView(Overlaid overlaid) : overlaid_(std::move(overlaid)) {}

    Result<void> mend_proven(const std::set<u64>& wanted, const RunContext& context);
    void leave_out_mended(std::vector<LostBlock>& lost) const;
    Result<bool> mend_each(std::span<const LostBlock> lost);
    Result<bool> replace(const std::set<u64>& wanted, Grade grade, const RunContext& context);
    Result<bool> mend_extents(const survey::Findings& findings);
    Result<bool> add(std::vector<MendedBlock> blocks);

    Overlaid overlaid_;
    std::vector<MendedBlock> blocks_;
};

} // namespace btrkit::repair
