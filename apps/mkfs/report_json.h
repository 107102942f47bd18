// SPDX-License-Identifier: MIT
// The same as JSON: docs/json-schema-mkfs.md.
#pragma once

#include "apps/mkfs/report_text.h"

#include <nlohmann/json.hpp>

namespace btrkit::apps {

nlohmann::ordered_json mkfs_json(const MkfsOutcome& outcome);

} // namespace btrkit::apps
