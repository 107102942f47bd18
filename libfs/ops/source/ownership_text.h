// SPDX-License-Identifier: MIT
// Owners and maps of ids as users write them. Fail with usage, saying in one line what is wrong.
#pragma once

#include "libfs/ops/source/adjust.h"

namespace btrkit::source {

/// USER:GROUP, each a number or a name of this host.
Result<std::pair<u32, u32>> parse_owner(std::string_view text);

/// FROM:TO:COUNT, several parted by commas.
Result<std::vector<IdMap>> parse_id_map(std::string_view text);

} // namespace btrkit::source
