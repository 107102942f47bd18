// SPDX-License-Identifier: MIT
// One subvolume as `btrfs subvolume show` and `get-default` print it.
#pragma once

#include "libfs/ops/subvolume/show.h"

namespace btrkit::apps {

std::string show_text(const subvolume::ShowReport& report);
std::string default_text(const subvolume::SubvolumeInfo& subvolume);

} // namespace btrkit::apps
