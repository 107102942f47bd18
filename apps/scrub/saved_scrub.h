// SPDX-License-Identifier: MIT
// How far a scrub is, as text.
#pragma once

#include "libfs/ops/scrub/scrub.h"

#include <string>

namespace btrkit::apps {

struct SavedScrub {
    scrub::State state;
    u64 duration_ms = 0; ///< what it took until there, in all runs
};

/// A document of JSON.
std::string saved_scrub_text(const SavedScrub& saved);
/// Fails with usage, saying what is wrong with the text ("it is no ..."), whatever the text is.
Result<SavedScrub> parse_saved_scrub(std::string_view text);

} // namespace btrkit::apps
