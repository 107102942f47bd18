// SPDX-License-Identifier: MIT
#pragma once

#include "apps/check/outcome.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// The document of docs/json-schema-check.md.
Json check_json(const CheckOutcome& outcome);

} // namespace btrkit::apps
