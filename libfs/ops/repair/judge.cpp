// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/judge.h"

#include "libfs/ops/repair/plan.h"

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

/// Whatever block it stands in by now.
bool is_same_place(const Place& one, const Place& other) {
    return one.tree == other.tree && one.inode == other.inode && one.key == other.key && one.length == other.length;
}

} // namespace

/// What was put right for all others is still in a subvolume that is being deleted, whose blocks are not changed.
/// False: that is not so, or its deletion was tried.
bool Judge::delete_those_that_go(ProblemCode code, const survey::Findings& after) {
    const auto going = subvolumes_that_go(after);
    bool is_in_any = false;
    std::vector<Fix> deletions;
    for (const auto& finding : after.all()) {
        const auto tree = finding.problem.place.tree;
        if (finding.problem.code != code || !tree || !going.contains(*tree)) {
            continue;
        }
        const bool is_planned = std::ranges::any_of(
            *plan_, [&](const Fix& fix) { return fix.row == &deletion_row && fix.finding.problem.place.tree == tree; });
        if (!is_planned) {
            deletions.push_back({.finding = finding, .row = &deletion_row});
            deleted_.insert(*tree);
        }
        is_in_any |= deleted_.contains(*tree);
    }
    std::ranges::move(deletions, std::back_inserter(*plan_));
    return is_in_any;
}

/// Those that can be seen to be there still; else, for something of that kind is, all of it.
void Judge::give_up_those_left(ProblemCode code, const survey::Findings& after) {
    const auto is_left = [&](const Fix& fix) {
        return std::ranges::any_of(after.all(), [&](const auto& finding) {
            return finding.problem.code == code && is_same_place(finding.problem.place, fix.finding.problem.place);
        });
    };
    std::vector<Fix*> made;
    for (auto& fix : *plan_) {
        if (fix.is_made() && fix.finding.problem.code == code) {
            made.push_back(&fix);
        }
    }
    const bool is_any_seen = std::ranges::any_of(made, [&](const Fix* fix) { return is_left(*fix); });
    for (auto* fix : made) {
        if (!is_any_seen || is_left(*fix)) {
            choose(*fix, next_row(*fix), *options_, "what is known to do does not mend this one");
        }
    }
}

Result<void> Judge::operator()(const survey::Findings& after) {
    std::array<u64, static_cast<std::size_t>(ProblemCode::count_)> aimed{};
    for (const auto& fix : *plan_) {
        // What mended blocks have taken away is not in `before` any more, and what is in a subvolume that is deleted
        // may not have been.
        aimed[static_cast<std::size_t>(fix.finding.problem.code)] +=
            fix.is_made() && fix.row->part != Part::blocks && fix.row->part != Part::deletions ? 1 : 0;
    }
    left_count = 0;
    std::string grown;
    bool has_new_deletions = false;
    for (const auto& info : problem_catalogue) {
        if (info.severity == Severity::note) {
            continue;
        }
        const u64 is = after.count(info.code);
        const u64 was = before_->count(info.code);
        for (auto& fix : *plan_) {
            fix.is_gone |= !fix.is_made() && is == 0 && fix.finding.problem.code == info.code;
        }
        left_count += is;
        const bool is_more_than_wanted = is + aimed[static_cast<std::size_t>(info.code)] > was;
        if (is_more_than_wanted && delete_those_that_go(info.code, after)) {
            has_new_deletions = true;
        } else if (is > was) {
            grown = info.id;
        } else if (is_more_than_wanted) {
            give_up_those_left(info.code, after);
            needs_another_round = true;
        }
    }
    if (has_new_deletions) {
        needs_another_round = true;
        return fail(ErrorKind::refused, "a subvolume that is being deleted has what was put right for others");
    }
    if (!grown.empty()) {
        // An extent that is dropped may have been somebody's.
        const auto why = fmt::format("the repaired filesystem would have more of '{}'", grown);
        needs_another_round = give_up(
                                  *plan_, [](const Fix& fix) { return fix.row->part == Part::extents; }, why) > 0 ||
                              give_up_last_kind(*plan_, why) > 0;
        has_refused = true;
        return fail(ErrorKind::refused, why + ", so nothing was written");
    }
    return needs_another_round ? fail(ErrorKind::refused, "a fix does not do what it should, so nothing was written")
                               : Result<void>();
}

} // namespace btrkit::repair
