// SPDX-License-Identifier: MIT
// SOURCE_DATE_EPOCH (reproducible-builds.org).
#pragma once

#include "libfs/base/error.h"

#include <cstdint>
#include <optional>

namespace btrkit::apps {

/// The time that everything new is dated, where it is set. Fails with usage where it is no number of seconds.
Result<std::optional<std::int64_t>> source_date_epoch();

} // namespace btrkit::apps
