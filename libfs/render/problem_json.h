// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/base/problem.h"
#include "libfs/render/fields_json.h"

namespace btrkit {

/// {"code", "severity", "meaning", "detail", "repair", "place"}: severity is "note", "error" or "fatal"; repair "none",
/// "lossy" or "lossless"; place has a member for each part of Place but keys, null where it is not known. detail, and
/// device and path of the place, are set_text()'s.
Json problem_json(const Problem& problem);
Json problems_json(const Problems& problems);

} // namespace btrkit
