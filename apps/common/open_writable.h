// SPDX-License-Identifier: MIT
// From the places of images to devices that are to be written.
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/image.h"

#include <vector>

namespace btrkit::apps {

/// An error for each of them that the host uses in a way that excludes this: "IMAGE: is mounted at /mnt; CONSEQUENCE".
/// False if there is one. Ask before opening: our own lock would count.
bool are_unused(std::span<const ImagePlace> places, std::string_view consequence, Messages& messages);

/// Opens what can be opened, for writing and locked against others, in the order given; an error for each of the
/// others. Of places that have bytes in common none is opened: what is written through one would not be seen as the
/// other's.
std::vector<WritableImage> open_writable(std::span<const ImagePlace> places, Messages& messages);

} // namespace btrkit::apps
