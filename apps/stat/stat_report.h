// SPDX-License-Identifier: MIT
// What is told of an inode, as text and as a line of JSON.
#pragma once

#include "libfs/ops/stat/stat.h"

#include <string>

namespace btrkit::apps {

struct StatShown {
    std::string path; ///< as it was asked for
    InodePlace place;
    std::optional<std::string> target = {}; ///< of a symlink
    bool was_verified = false;
};

std::string stat_text(const StatShown& shown, const stat::Report& report);
/// docs/json-schema-files.md
std::string stat_json(const StatShown& shown, const stat::Report& report);

} // namespace btrkit::apps
