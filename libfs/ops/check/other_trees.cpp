// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/survey/scan/tree_scan.h"

namespace btrkit::check {

using namespace survey;

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
    context.full_backref.for_each_not_in({}, [&](u64 number) {
        if (context.alone.test(number)) {
            context.findings.add({.code = ProblemCode::extent_differs,
                                  .place = {.logical = Logical{number * context.geometry().sectorsize}},
                                  .detail = "the flag FULL_BACKREF, but its tree shares no blocks"});
        }
    });
}

} // namespace btrkit::check
