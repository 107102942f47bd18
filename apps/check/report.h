// SPDX-License-Identifier: MIT
// What a check found, as text and as JSON.
#pragma once

#include "apps/check/outcome.h"
#include "apps/common/messages.h"
#include "libfs/ops/check/subvol_extents/subvol_extents.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// Findings with whose they are, counts, and the verdict in lines of their own. verbose: all findings, and not only the
/// first of each code; quiet: nothing but errors.
std::string check_text(const CheckOutcome& outcome, Verbosity verbosity);

/// One line, a command where there is one; empty: there is nothing to do, or not enough is known.
std::string next_step(const CheckOutcome& outcome);

/// The quota groups as they count and as they should.
std::string qgroup_text(const CheckOutcome& outcome);

/// A line for each extent: address, bytes, how many subvolumes share it, and which.
std::string extents_text(const check::SubvolExtents& extents);

/// The same as lines of JSON, of docs/json-schema-check.md.
std::string extents_json(const check::SubvolExtents& extents);

/// The document of docs/json-schema-check.md.
Json check_json(const CheckOutcome& outcome);

} // namespace btrkit::apps
