// SPDX-License-Identifier: MIT
// A subvolume in documents of JSON: docs/json-schema-subvolume.md.
#pragma once

#include "libfs/ops/subvolume/all_subvolumes.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

/// {"sec", "nsec"}; null where it was never set.
Json time_json(const btrfs::Timespec& time);

Json number_or_null(u64 number);

Json subvolume_json(const subvolume::SubvolumeInfo& subvolume);

} // namespace btrkit::apps
