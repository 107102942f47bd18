// SPDX-License-Identifier: MIT
// Another name for a name, with the same length and the same crc32c: what trees are keyed by stays right.
#pragma once

#include "libfs/base/bytes.h"

namespace btrkit::dump_image {

/// Up to so many bytes there is no other name with the same crc32c.
inline constexpr std::size_t longest_kept_name = 4;

/// Puts the other name in the place of the name: always the same one for the same name. Letters, digits, '-' and '_',
/// but in a name of five bytes, where there need not be one; never '/' or NUL. Names up to longest_kept_name stay.
/// The crc32c is the same with any seed, so the hash of an INODE_EXTREF is, and of names that share what comes before.
void put_other_name(MutableBytes name);

} // namespace btrkit::dump_image
