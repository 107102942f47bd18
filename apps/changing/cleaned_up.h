// SPDX-License-Identifier: MIT
// What a change says of subvolumes that were deleted before, and that it has cleaned up.
#pragma once

#include "apps/common/sizes.h"

#include <span>

#include <fmt/format.h>

namespace btrkit::apps {

/// A line; nothing where there were none.
inline std::string cleaned_up_text(std::span<const u64> subvolumes) {
    return subvolumes.empty() ? "" : fmt::format("cleaned up {}\n", plural(subvolumes.size(), "deleted subvolume"));
}

} // namespace btrkit::apps
