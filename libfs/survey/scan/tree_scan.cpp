// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/tree_scan.h"

#include "libfs/survey/scan/block_scan.h"

namespace btrkit::survey {

namespace {

/// Hands leaves to a visitor.
class Forward final : public ScanHandler {
public:
    explicit Forward(LeafVisitor& visitor) : visitor_(visitor) {}

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems& problems) override {
        return visitor_.work(leaf, problems);
    }
    void take(const ScanStep& step, const LeafVisit* leaf, std::unique_ptr<LeafResult> result) override {
        if (step.kind == ScanStep::Kind::leaf) {
            visitor_.finish(*leaf, result.get());
        } else if (step.kind == ScanStep::Kind::lost) {
            visitor_.lost(step.promise);
        }
    }

private:
    LeafVisitor& visitor_;
};

class EachItem final : public LeafVisitor {
public:
    explicit EachItem(const ItemVisitor& visit) : visit_(visit) {}

    void finish(const LeafVisit& leaf, LeafResult* /*result*/) override {
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            visit_(leaf.block.key(slot), leaf.block.item_data(slot), leaf.place(slot));
        }
    }

private:
    const ItemVisitor& visit_;
};

} // namespace

bool scan_tree(Survey& survey, const TreeRoot& root, LeafVisitor& visitor) {
    survey.scanned_trees.insert(root.root_key);
    Forward handler(visitor);
    const ScanRoot only{.root = root};
    return scan_blocks(survey, {&only, 1}, {.sink = &survey.references, .visited = &survey.visited}, handler);
}

bool scan_items(Survey& survey, const TreeRoot& root, const ItemVisitor& visit) {
    EachItem visitor(visit);
    return scan_tree(survey, root, visitor);
}

} // namespace btrkit::survey
