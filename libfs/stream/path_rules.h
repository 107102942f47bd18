// SPDX-License-Identifier: MIT
// What paths in a stream may be.
#pragma once

#include "libfs/stream/stream_command.h"

#include <string>

namespace btrkit {

/// What is wrong with the paths of a command that belongs to a subvolume, or nothing: one that is absolute or goes up
/// leads out of it. (Where a symbolic link points to is nobody's business.)
std::string what_is_wrong_with_paths(const StreamCommand& command);

/// What is wrong with the name of a subvolume, or nothing.
std::string what_is_wrong_with_name(std::string_view name);

} // namespace btrkit
