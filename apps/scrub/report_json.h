// SPDX-License-Identifier: MIT
#pragma once

#include "apps/scrub/outcome.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// The document of docs/json-schema-scrub.md.
Json scrub_json(const ScrubOutcome& outcome);

} // namespace btrkit::apps
