// SPDX-License-Identifier: MIT
// What a scrub found and mended, as text and as JSON.
#pragma once

#include "apps/common/messages.h"
#include "apps/scrub/outcome.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// A summary in the words of `btrfs scrub`, the findings, what is no longer redundant, and the verdict. verbose: all
/// findings, and not only the first of each code; quiet: nothing but errors.
std::string scrub_text(const ScrubOutcome& outcome, Verbosity verbosity);

/// The document of docs/json-schema-scrub.md.
Json scrub_json(const ScrubOutcome& outcome);

} // namespace btrkit::apps
