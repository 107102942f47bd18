// SPDX-License-Identifier: MIT
// btrkit-resize min-size: how small an image can get.
#pragma once

#include "apps/common/document.h"
#include "apps/common/io_layer.h"
#include "libfs/ops/resize/resize.h"

namespace btrkit::apps {

inline constexpr std::string_view min_size_verb = "min-size";
inline constexpr std::string_view min_size_summary = "tell how small it can get; writes nothing";

/// arguments: what is behind the verb. Returns the exit status.
int run_min_size(std::span<const std::string> arguments, Io& io);

/// "devices" of the documents.
Json sizes_json(std::span<const resize::DeviceSize> sizes);

} // namespace btrkit::apps
