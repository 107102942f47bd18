// SPDX-License-Identifier: MIT
// From an operand to a place on the host.
//
//   IMAGE                    a file or block device
//   IMAGE@OFFSET[+LENGTH]    a range of it, in sizes as everywhere
//   IMAGE:pN                 its partition number N
//   IMAGE:PARTUUID, IMAGE:LABEL    its partition with that uuid, that name, or that label on its filesystem
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/image_place.h"

namespace btrkit::apps {

/// What an IMAGE without a choice means.
enum class WithoutChoice {
    only_btrfs, ///< where it is no btrfs but a disk, one of whose partitions is: that one
    whole,      ///< what the operand says: for who makes a filesystem, or looks at bytes
};

struct FoundImage {
    ImagePlace place;
    std::string note = {};    ///< not empty: something was chosen
    std::string warning = {}; ///< not empty: not all of the place is there
};

/// A file that is really called so counts before any other meaning. What is nothing of all this is a path, whether
/// something is there or not. Fails with usage for a place that is not there, or several that could be meant.
Result<FoundImage> find_image(const std::string& operand, WithoutChoice without_choice = WithoutChoice::only_btrfs);

/// All of them; an error for each that is not found, and what was chosen as a note.
std::vector<ImagePlace> find_images(const std::vector<std::string>& operands, Messages& messages,
                                    WithoutChoice without_choice = WithoutChoice::only_btrfs);

} // namespace btrkit::apps
