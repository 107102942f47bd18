// SPDX-License-Identifier: MIT
// What an image is that is no btrfs, and what to do with it.
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/image_place.h"

#include <span>
#include <string>

namespace btrkit::apps {

/// Empty: it is a btrfs, or may have been one, or can't be read. Otherwise what it is and the next step: "an ext4
/// filesystem; ...". A btrfs that something else was written over still counts as one as long as any superblock of it
/// is there.
std::string what_no_btrfs_is(const ImagePlace& place);

/// Before a filesystem is opened: where none of the images is a btrfs, an error for each, and true: there is nothing to
/// be found damaged. Beside others that are, a note.
bool is_no_btrfs(std::span<const ImagePlace> places, Messages& messages);

} // namespace btrkit::apps
