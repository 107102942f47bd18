// SPDX-License-Identifier: MIT
// The filesystem as it would be if some of its blocks were what they must have been. Nothing of it is ever written in
// its place: the blocks are moved elsewhere in the commit (lay_out(), leave_blocks()), for all that share them.
//
//  1. Lead to the chunk tree, if superblocks don't (roots/top_roots.h). Take back what an offline conversion has begun
//     and nothing but superblocks says: whose blocks these are, where block groups stand.
//  2. Mend file extents whose address only the extent tree knows (extents/lost_file_extents.h): nothing is surer.
//  3. Go through all trees for blocks that are lost, and through the findings for those with impossible items.
//  4. Mend those that can be (mend_block.h), and nodes from their children (lost/rejoin_nodes.h). Write them over the
//     view. Below them others may be lost: again from 3, until nothing more can be mended.
//  5. Give trees that are made anew anyway a root item, where theirs leads to nothing (roots/root_items.h).
//  6. Where that is allowed, put something else in the place of what is still lost (lost/replace_lost.h): first what is
//     guessed, then what is lossy; and lead to the newest roots of all trees. Each time again from 3.
//  7. Once more as in 2, of what came to light.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/base/run_context.h"
#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/lost/lost_blocks.h"
#include "libfs/ops/repair/roots/root_items.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/overlaid.h"

#include <set>

namespace btrkit::repair {

class MendedView {
public:
    /// The same as the filesystem so far, which must outlive it. Fails as lay_overlays().
    static Result<MendedView> over(const Filesystem& filesystem);

    /// Whether anything was mended: then once more with what a check of the view has found, for it sees more. allowed:
    /// what may be done about blocks and roots that are lost. Fails as devices do, and with cancelled.
    Result<bool> mend(const survey::Findings& findings, const std::set<Grade>& allowed, const RunContext& context);

    const Filesystem& filesystem() const { return overlaid_.filesystem; }
    const std::vector<MendedBlock>& blocks() const { return blocks_; }
    /// Of the blocks.
    RangeSet addresses() const;
    /// Trees that begin elsewhere, and how sure that is.
    const std::map<u64, Grade>& roots() const { return roots_; }
    /// What is told when it is opened; nothing: the same as of the filesystem below.
    const std::optional<Problems>& opening() const { return opening_; }
    /// Superblocks told of a conversion that is not finished, and don't any more.
    bool has_taken_back() const { return has_taken_back_; }
    bool is_same() const { return blocks_.empty() && roots_.empty() && !has_taken_back_; }

private:
    explicit MendedView(Overlaid overlaid) : overlaid_(std::move(overlaid)) {}

    Result<void> take_back_conversion();
    Result<void> lead_to_chunk_tree(const std::set<Grade>& allowed, const RunContext& context);
    Result<void> mend_proven(const std::set<u64>& wanted, const RunContext& context);
    Result<bool> lead_to_root_tree(const std::set<Grade>& allowed);
    Result<bool> lead_to_roots(const std::set<Grade>& allowed, Grade grade, bool may_be_behind,
                               const RunContext& context);
    void leave_out_mended(std::vector<LostBlock>& lost) const;
    Result<bool> mend_each(std::span<const LostBlock> lost);
    Result<bool> replace_root_leaves(const RunContext& context);
    Result<bool> put_in_place(std::vector<MendedBlock> blocks);
    Result<bool> replace(Grade grade, const RunContext& context);
    Result<bool> mend_extents(const survey::Findings& findings);
    Result<void> read_chunks_again(bool has_mended_chunks);
    Result<bool> add(std::vector<MendedBlock> blocks);
    void add_root(u64 tree, Grade grade);

    Overlaid overlaid_;
    std::vector<MendedBlock> blocks_;
    std::map<u64, Grade> roots_;
    unsigned change_count_ = 0; ///< of both
    std::optional<Problems> opening_;
    std::optional<FoundRoots> found_; ///< looked for when it is wanted
    bool is_root_tree_old_ = false;
    bool has_taken_back_ = false;
};

} // namespace btrkit::repair
