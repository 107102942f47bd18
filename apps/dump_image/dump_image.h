// SPDX-License-Identifier: MIT
// btrkit-dump-image: the metadata of a filesystem in a small file, and back.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view dump_image_tool = "btrkit-dump-image";

/// Exit status: 0 all that can be reached is in the dump, or out of it; 1 it was not done, or a device could not be
/// read somewhere; 2 wrong usage; 130 stopped.
int run_dump_image(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps
