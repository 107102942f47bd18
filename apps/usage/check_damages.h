// SPDX-License-Identifier: MIT
// The damage that btrkit-check or btrkit-scrub has found, from the JSON that they have written.
#pragma once

#include "libfs/base/error.h"
#include "libfs/ops/usage/map/map.h"

namespace btrkit::apps {

/// Of each finding that is no note. Fails with usage where the text is no such document, whatever it is.
Result<std::vector<usage::DamagedPlace>> parse_damages(std::string_view text);

/// Of a file. Fails with io too, and with usage where it is very large.
Result<std::vector<usage::DamagedPlace>> read_damages(const std::string& path);

} // namespace btrkit::apps
