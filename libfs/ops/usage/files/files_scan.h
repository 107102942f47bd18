// SPDX-License-Identifier: MIT
// The walk through all file trees: what its leaves say of files goes to accounts, their references into a window.
#pragma once

#include "libfs/ops/usage/files/path_account.h"
#include "libfs/ops/usage/loss_teller.h"

namespace btrkit::usage {

class FilesScan final : public survey::ScanHandler {
public:
    /// All outlive it.
    FilesScan(const survey::Survey& survey, const FileTrees& trees, TreeSets& sets, const BlockSharing& sharing);

    /// account: who is told of files; null: it has been told in a pass before. path_account: the same one, where paths
    /// were asked for.
    void begin_pass(RefWindow& window, Account* account, PathAccount* path_account);
    /// Blocks that could not be read.
    u64 lost_count() const { return losses_.count(); }

    std::unique_ptr<survey::LeafResult> work(const survey::LeafVisit& leaf, Problems& problems) override;
    void accept(const survey::ScanStep& step, const survey::LeafVisit* leaf,
                std::unique_ptr<survey::LeafResult> result) override;

private:
    struct Leaf;
    void take_refs(Leaf& leaf, survey::RootSets::Id own);

    const survey::Survey& survey_;
    const BlockSharing& sharing_;
    LossTeller losses_;
    std::vector<survey::RootSets::Id> singles_; ///< by tree: the set of that one alone
    RefWindow* window_ = nullptr;
    Account* account_ = nullptr;
    PathAccount* path_account_ = nullptr;
};

} // namespace btrkit::usage
