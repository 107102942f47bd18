// SPDX-License-Identifier: MIT
// What a repair stands on, and what is wrong with that (internal to this room).
#pragma once

#include "libfs/ops/check/check.h"
#include "libfs/ops/repair/blocks/mended_view.h"

namespace btrkit::repair {

/// The filesystem, with blocks mended where that could be done.
struct Ground {
    const Filesystem& below;
    std::optional<MendedView> view = {};
    survey::Findings findings; ///< in the filesystem as it is seen here
    std::vector<check::QgroupCount> quota_groups = {};

    const Filesystem& filesystem() const { return view ? view->filesystem() : below; }
    /// Whether something else stands in the place of what is lost.
    bool has_replaced() const {
        return view &&
               (std::ranges::any_of(view->blocks(), [](const auto& block) { return block.grade > Grade::proven; }) ||
                std::ranges::any_of(view->roots(), [](const auto& root) { return root.second > Grade::proven; }));
    }
    /// Trees whose roots were looked for.
    std::set<u64> settled() const {
        std::set<u64> trees;
        for (const auto& [tree, grade] : view ? view->roots() : std::map<u64, Grade>()) {
            trees.insert(tree);
        }
        return trees;
    }
    RangeSet mended() const { return view ? view->addresses() : RangeSet{}; }
};

/// What a check finds, beside what opening has told. Fails with cancelled.
Result<check::Report> check_all(const Filesystem& filesystem, const survey::Findings& opening,
                                const RunContext& context);

/// before: check_all() of the filesystem, which must outlive it. allowed: as for MendedView::mend(). A view that is no
/// better than what it is laid over is none, and of a filesystem with a device missing there is none. Fails as devices
/// do, and with cancelled.
Result<Ground> find_ground(const Filesystem& filesystem, const check::Report& before, const survey::Findings& opening,
                           const std::set<Grade>& allowed, const RunContext& context);

} // namespace btrkit::repair
