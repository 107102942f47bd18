// SPDX-License-Identifier: MIT
// Object ids that have a name.
#pragma once

#include "formats/btrfs/endian.h"

#include <string_view>

namespace btrkit {

/// The name that an object id has in a key of this type, in upper case; empty where it is only a number there. type 0:
/// that of a tree, or of what refers to one.
std::string_view objectid_word(btrfs::u64 objectid, btrfs::u8 type = 0);

} // namespace btrkit
