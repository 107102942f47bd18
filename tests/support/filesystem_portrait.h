// SPDX-License-Identifier: MIT
// What a filesystem is known by: its files, as our reader lists them, and what our check has against it. Two portraits
// tell whether a filesystem is still the same. Stands on the check: not part of btrkit_test_support.
#pragma once

#include "libfs/survey/findings.h"
#include "tests/support/device_lists.h"
#include "tests/support/tree_listing.h"

namespace btrkit::test {

struct Portrait {
    u64 generation = 0;
    TreeListing listing;       ///< from the top-level subvolume on
    survey::Findings findings; ///< of opening and checking
};

/// Fails where it can't be opened, or its files can't be listed.
Result<Portrait> portrait_of(Devices devices);
/// Throws instead. which: what the message calls it.
Portrait must_portray(Devices devices, std::string_view which);

/// Empty: it is the same filesystem. But for what comes with superblocks of which some are written and some not, the
/// check must not find more of any code.
std::string how_it_differs(const Portrait& state, const Portrait& whole);

/// Whether it is the one or the other, by its generation; empty, or what is wrong.
std::string what_is_wrong(const Portrait& state, const Portrait& before, const Portrait& after);

/// The findings of codes that are found more often than in others: a line each.
std::vector<std::string> more_than(const survey::Findings& findings, const survey::Findings& other);

} // namespace btrkit::test
