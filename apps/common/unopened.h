// SPDX-License-Identifier: MIT
// What an image is that is no btrfs.
#pragma once

#include "apps/common/messages.h"

#include <span>
#include <string>

namespace btrkit::apps {

/// A note for each of the images that could not be opened as a btrfs: what else it is, and which of its partitions
/// holds one.
void explain_unopened(std::span<const std::string> images, Messages& messages);

} // namespace btrkit::apps
