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

/// Those that can be seen to be there still; else, for something of that kind is, all of it.
void Judge::give_up_those_left(ProblemCode code, const survey::Findings& after) {
    const std::string why = "what is known to do does not mend this one";
    const auto is_left = [&](const Fix& fix) {
        return fix.finding.problem.code == code && std::ranges::any_of(after.all(), [&](const auto& finding) {
                   return finding.problem.code == code &&
                          is_same_place(finding.problem.place, fix.finding.problem.place);
               });
    };
    if (give_up(*plan_, is_left, why) == 0) {
        give_up(*plan_, [&](const Fix& fix) { return fix.finding.problem.code == code; }, why);
    }
}

Result<void> Judge::operator()(const survey::Findings& after) {
    std::array<u64, static_cast<std::size_t>(ProblemCode::count_)> aimed{};
    for (const auto& fix : *plan_) {
        // What mended blocks have taken away is not in `before` any more.
        aimed[static_cast<std::size_t>(fix.finding.problem.code)] +=
            fix.is_made() && fix.row->part != Part::blocks ? 1 : 0;
    }
    left_count = 0;
    std::string grown;
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
        if (is > was) {
            grown = info.id;
        } else if (is + aimed[static_cast<std::size_t>(info.code)] > was) {
            give_up_those_left(info.code, after);
            needs_another_round = true;
        }
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
