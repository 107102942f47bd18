// SPDX-License-Identifier: MIT
// Findings in documents of JSON, and what documents begin with.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/render/fields_json.h"
#include "libfs/survey/findings.h"

namespace btrkit::apps {

/// A list of texts that may be no UTF-8: each an object of set_text().
Json texts_json(std::string_view name, const std::vector<std::string>& texts);

/// {"uuid", "label", "generation"}; null where there is no superblock.
Json filesystem_json(const btrfs::Superblock* super);

/// problem_json() with "affected", "affected_subvolumes" and "more_affected".
Json finding_json(const survey::Finding& finding);

/// {"fatal", "error", "note", "codes"}: how many findings there are.
Json finding_counts_json(const survey::Findings& findings);

} // namespace btrkit::apps
