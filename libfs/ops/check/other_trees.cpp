// SPDX-License-Identifier: MIT
#include "libfs/ops/check/other_trees.h"

#include "libfs/ops/check/tree_scan.h"

namespace btrkit::check {

namespace {

class Nothing final : public LeafVisitor {
public:
    void finish(const LeafVisit&, LeafResult*) override {}
};

} // namespace

void check_other_trees(Context& context) {
    for (const auto& record : context.roots.records) {
        if (!btrfs::is_file_tree(record.id()) && !record.is_reloc() &&
            !context.scanned_trees.contains(record.root.root_key)) {
            Nothing visitor;
            scan_tree(context, record.root, visitor);
        }
    }
}

} // namespace btrkit::check
