// SPDX-License-Identifier: MIT
// The map of a filesystem as text, as a page, and as JSON.
#pragma once

#include "apps/usage/answer.h"
#include "apps/usage/page/map_page.h"
#include "libfs/ops/usage/map/map.h"

namespace btrkit::apps {

/// A letter a cell, in rows: D data, M metadata, S system (small ones: less than half of it is used), '.' given to
/// none,
/// '!' damaged.
std::string map_text(const usage::MapReport& report, SizeForm sizes);

/// The document of docs/json-schema-usage.md.
std::string map_json(const UsageFlags& flags, const Filesystem& filesystem, const usage::MapReport& report);

} // namespace btrkit::apps
