// SPDX-License-Identifier: MIT
// Users and groups by name.
#pragma once

#include "libfs/base/address.h"

#include <optional>
#include <string>

namespace btrkit::source {

/// The number that text is, or that this host has for the user or group of that name. The last number is none: the
/// kernel takes it for "no id".
std::optional<u32> host_user_id(const std::string& text);
std::optional<u32> host_group_id(const std::string& text);

} // namespace btrkit::source
