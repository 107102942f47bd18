// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/files_scan.h"

#include "libfs/ops/usage/files/leaf_files.h"

namespace btrkit::usage {

using namespace survey;

struct FilesScan::Leaf final : LeafResult {
    LeafFiles files;
    RootSets::Id roots = RootSets::empty;
};

FilesScan::FilesScan(const Survey& survey, const FileTrees& trees, TreeSets& sets, const BlockSharing& sharing)
    : survey_(survey), sharing_(sharing), losses_(survey.run) {
    for (u32 number = 0; number < trees.count(); ++number) {
        singles_.push_back(sets.sets().single(number));
    }
}

void FilesScan::begin_pass(RefWindow& window, Account* account, PathAccount* path_account) {
    window_ = &window;
    account_ = account;
    path_account_ = path_account;
}

std::unique_ptr<LeafResult> FilesScan::work(const LeafVisit& leaf, Problems& /*problems*/) {
    auto result = std::make_unique<Leaf>();
    result->roots = sharing_.of(leaf.promise.address);
    result->files = read_leaf_files(leaf.block);
    return result;
}

void FilesScan::accept(const ScanStep& step, const LeafVisit* /*leaf*/, std::unique_ptr<LeafResult> result) {
    if (step.kind == ScanStep::Kind::lost) {
        losses_.tell(step.promise);
    }
    auto* leaf = dynamic_cast<Leaf*>(result.get());
    if (leaf != nullptr && step.is_first) {
        survey_.run.progress.advance(survey_.geometry().nodesize);
        take_refs(*leaf, singles_[step.root]);
    }
    if (account_ != nullptr) {
        account_->accept(step, leaf == nullptr ? std::span<const FilePart>() : leaf->files.parts);
    }
}

/// own: the tree that the walk is in, where no one knows who reaches the leaf.
void FilesScan::take_refs(Leaf& leaf, RootSets::Id own) {
    if (leaf.roots == RootSets::empty) {
        leaf.roots = own;
    }
    if (path_account_ != nullptr) {
        path_account_->enter_leaf(leaf.roots);
    }
    for (auto& ref : leaf.files.refs) {
        ref.roots = leaf.roots;
        window_->add(ref);
    }
}

} // namespace btrkit::usage
