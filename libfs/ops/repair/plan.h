// SPDX-License-Identifier: MIT
// Of each finding, what becomes of it (internal to this room).
#pragma once

#include "libfs/ops/repair/blocks/mended_view.h"
#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

bool is_allowed(const Options& options, ProblemCode code, Grade grade);

/// All findings that are not notes. Nothing at all is to be made where what space is in use can't be known.
std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options);

/// Subvolumes whose deletion was begun.
std::set<u64> subvolumes_that_go(const survey::Findings& findings);

/// The one that is less sure than that of the fix; null: there is none.
const RepairRow* next_row(const Fix& fix);

/// row: what is to be done about it, or null. before: why a surer row of that code does not do it, or empty.
void choose(Fix& fix, const RepairRow* row, const Options& options, const std::string& before);

/// The findings that are gone with blocks and roots that were mended.
std::vector<Fix> mended_fixes(const survey::Findings& before, const survey::Findings& after, const MendedView& mended);

/// Fixes that are made no more, for that reason. Returns how many.
template <class IsMeant>
std::size_t give_up(std::vector<Fix>& plan, const IsMeant& is_meant, const std::string& why) {
    std::size_t count = 0;
    for (auto& fix : plan) {
        if (fix.is_made() && is_meant(fix)) {
            fix.why_not = why;
            ++count;
        }
    }
    return count;
}

/// Of everything.
inline std::size_t give_up_all(std::vector<Fix>& plan, const std::string& why) {
    return give_up(plan, [](const Fix&) { return true; }, why);
}

/// Whether something failed for what the filesystem is, and not for devices, memory or the user.
inline bool is_about_filesystem(const Error& error) {
    return error.kind == ErrorKind::damaged || error.kind == ErrorKind::not_found;
}

/// give_up() of the last kind that is still in the plan, where what is made can't be told to come of one of them. What
/// mended blocks have taken away is not for the plan to give up.
std::size_t give_up_last_kind(std::vector<Fix>& plan, const std::string& why);

} // namespace btrkit::repair
