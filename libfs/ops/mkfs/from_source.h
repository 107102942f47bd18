// SPDX-License-Identifier: MIT
// What a filesystem is made from: mkfs speaks of it in the words of sources.
#pragma once

#include "libfs/ops/source/source_tree.h"

namespace btrkit::mkfs {

using namespace source; // NOLINT(google-build-using-namespace)

} // namespace btrkit::mkfs
