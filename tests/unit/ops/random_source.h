// SPDX-License-Identifier: MIT
// Random trees of files, the same for the same seed, and what an image of one must read back as.
#pragma once

#include "libfs/ops/source/source_tree.h"
#include "tests/support/tree_listing.h"

#include <random>

namespace btrkit::test {

/// Directories, files with holes, hard links, symlinks, special files, attributes, subvolumes; settled.
source::SourceTree random_source(unsigned seed);

/// As list_image() would list an image of it.
TreeListing listing_of(const source::SourceTree& tree, u32 sectorsize);

} // namespace btrkit::test
