// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/ground.h"

#include <random>

namespace btrkit::repair {

namespace {

/// Roots, what is wrong below them, and what can be told only then.
constexpr unsigned most_view_rounds = 4;

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

/// What can't be seen at all for want of roots counts most, and blocks more than what is said in them.
std::array<u64, 3> badness_of(const survey::Findings& findings) {
    u64 unseen = 0;
    for (const auto code :
         {ProblemCode::not_checked, ProblemCode::root_unreadable, ProblemCode::sys_array, ProblemCode::chunk_overlap}) {
        unseen += findings.count(code);
    }
    const u64 errors = findings.count(Severity::error) + findings.count(Severity::fatal);
    return {unseen, block_errors_of(findings), errors};
}

bool may_be_mended(const survey::Findings& findings) {
    const auto badness = badness_of(findings);
    return badness[0] > 0 || badness[1] > 0 || findings.count(ProblemCode::extent_missing) > 0 ||
           findings.count(ProblemCode::chunk_item) > 0 || findings.count(ProblemCode::item_misplaced) > 0 ||
           findings.count(ProblemCode::super_unfinished_change) > 0;
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
    const bool is_device_missing = std::ranges::any_of(
        filesystem.volume().members(), [](const auto& member) { return member.second.device == nullptr; });
    if (is_device_missing || !may_be_mended(ground.findings)) {
        return ground;
    }
    BTRKIT_TRY_ASSIGN(auto view, MendedView::over(filesystem));
    auto findings = before.findings;
    std::vector<check::QgroupCount> quota_groups;
    for (unsigned round = 0; round < most_view_rounds; ++round) {
        BTRKIT_TRY_ASSIGN(const bool has_changed, view.mend(findings, allowed, context));
        if (!has_changed) {
            break;
        }
        survey::Findings told;
        for (const auto& problem : view.opening().value_or(Problems{})) {
            told.add(problem);
        }
        BTRKIT_TRY_ASSIGN(auto seen, check_all(view.filesystem(), view.opening() ? told : opening, context));
        std::swap(findings, seen.findings);
        std::swap(quota_groups, seen.qgroups);
    }
    if (!view.is_same() && badness_of(findings) < badness_of(ground.findings)) {
        ground.view = std::move(view);
        ground.findings = std::move(findings);
        ground.quota_groups = std::move(quota_groups);
    }
    return ground;
}

} // namespace btrkit::repair
