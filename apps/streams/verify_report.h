// SPDX-License-Identifier: MIT
// What verify has found, as text and as JSON.
#pragma once

#include "libfs/ops/verify_stream/verify_stream.h"
#include "libfs/render/fields_json.h"

#include <string>

namespace btrkit::apps {

/// A line for the input, and one for each subvolume in it; with details, what each consists of. Faults are messages.
std::string verify_text(const verify_stream::Report& report, const verify_stream::InputReport& input, bool details);

/// The document of docs/json-schema-stream.md.
Json verify_json(const verify_stream::Report& report);

} // namespace btrkit::apps
