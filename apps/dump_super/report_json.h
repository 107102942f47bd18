// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/ops/dump/dump_super.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// The document of btrkit-dump-super --format json:
/// {"__header": {"version", "tool"}, "devices": [{"path", "size", "mirrors", "unreadable", "differences"}]}, where
/// a mirror is {"mirror", "offset", "valid", "magic_valid", "checksum_valid", "checksum_type", "newest", "differs_in",
/// "findings", "superblock"}; differs_in names the fields in which it is not like the newest valid one; unreadable,
/// differences and findings are lists of problems (problem_json.h). force: superblocks without the magic are shown too;
/// otherwise they are null.
Json report_json(const dump_super::Report& report, bool force);

} // namespace btrkit::apps
