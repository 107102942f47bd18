// SPDX-License-Identifier: MIT
// Owners and maps of ids as users write them. Fail with usage, saying in one line what is wrong.
#pragma once

#include "libfs/ops/source/adjust.h"

#include <string>

namespace btrkit::source {

/// USER:GROUP, each a number or a name of this host.
Result<std::pair<u32, u32>> parse_owner(std::string_view text);

/// FROM:TO:COUNT, several parted by commas.
Result<std::vector<IdMap>> parse_id_map(std::string_view text);

/// As the options --all-root, --owner, --uid-map and --gid-map have them; empty: not given.
struct OwnershipTexts {
    bool all_root = false;
    std::string owner = {};
    std::string uid_map = {};
    std::string gid_map = {};
};
Result<Ownership> parse_ownership(const OwnershipTexts& texts);

} // namespace btrkit::source
