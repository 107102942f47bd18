// SPDX-License-Identifier: MIT
// The plain checker: every tree walked by itself, everything kept in maps, nothing clever. What it finds, the fast one
// must find, and nothing else. It knows only what the fast one proves by sums: references, inodes, names, coverage by
// checksums.
#pragma once

#include "libfs/fs/filesystem.h"

#include <set>

namespace btrkit::test {

/// What both checkers must agree on: the code, and what it is about.
struct ExactFinding {
    ProblemCode code{};
    u64 subject = 0; ///< an inode, or the address of a tree block; 0 where neither is compared

    friend auto operator<=>(const ExactFinding&, const ExactFinding&) = default;
};
using ExactFindings = std::set<ExactFinding>;

/// Whether the plain checker tells that code.
bool is_told_exactly(ProblemCode code);
/// A finding of the fast checker in the form in which they are compared.
ExactFinding comparable(const Problem& problem);

ExactFindings exact_check(const Filesystem& filesystem);

std::string to_text(const ExactFindings& findings);

} // namespace btrkit::test
