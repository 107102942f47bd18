// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/base/address.h"

#include <string>

namespace btrkit::apps {

/// "Data", "Metadata", "System", "Data+Metadata": of the flags of a block group.
std::string group_type_text(u64 flags);

} // namespace btrkit::apps
