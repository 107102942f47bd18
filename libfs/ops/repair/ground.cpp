// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/ground.h"

#include <random>

namespace btrkit::repair {

namespace {

/// What is wrong with blocks and their items by themselves, and a mended block may take away.
u64 block_errors_of(const survey::Findings& findings) {
    u64 count = 0;
    for (const auto& info : problem_catalogue) {
        const bool is_of_block =
            info.code >= ProblemCode::block_unreadable && info.code <= ProblemCode::item_raid_stripe;
        count += is_of_block && info.severity != Severity::note ? findings.count(info.code) : 0;
    }
    return count;
}

} // namespace

Result<check::Report> check_all(const Filesystem& filesystem, const survey::Findings& opening,
                                const RunContext& context) {
    auto checked = check::run(filesystem, opening, {.hash_seed = std::random_device{}()}, context);
    if (checked.stopped) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    return checked;
}

Result<Ground> find_ground(const Filesystem& filesystem, const check::Report& before, const survey::Findings& opening,
                           const std::set<Grade>& allowed, const RunContext& context) {
    Ground ground{.below = filesystem, .findings = before.findings, .quota_groups = before.qgroups};
    if (block_errors_of(ground.findings) == 0) {
        return ground;
    }
    BTRKIT_TRY_ASSIGN(ground.view, MendedView::find(filesystem, ground.findings, allowed, context));
    if (!ground.view) {
        return ground;
    }
    BTRKIT_TRY_ASSIGN(auto with_view, check_all(ground.view->filesystem(), opening, context));
    if (block_errors_of(with_view.findings) < block_errors_of(ground.findings)) {
        std::swap(ground.findings, with_view.findings);
        std::swap(ground.quota_groups, with_view.qgroups);
    } else {
        ground.view.reset();
    }
    return ground;
}

} // namespace btrkit::repair
