// SPDX-License-Identifier: MIT
// Where what a finding speaks of has to be put right.
#pragma once

#include "libfs/base/error.h"
#include "libfs/survey/findings.h"

#include <set>

namespace btrkit::repair {

/// The trees that have it: a leaf that several subvolumes share has its finding once, and all of them get the fix.
/// Fails with not_found where not all of them are known.
inline Result<std::set<u64>> trees_of(const survey::Finding& finding) {
    if (!finding.problem.place.tree || finding.affects_more) {
        return fail(ErrorKind::not_found, "not all subvolumes that have it are known");
    }
    std::set<u64> trees;
    for (const auto& affected : finding.affected) {
        trees.insert(affected.tree);
    }
    if (trees.empty()) {
        trees.insert(*finding.problem.place.tree);
    }
    return trees;
}

} // namespace btrkit::repair
