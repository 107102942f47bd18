// SPDX-License-Identifier: MIT
// What streams call subvolumes by.
#pragma once

#include "formats/btrfs/uuid.h"

namespace btrfs::send {

/// A subvolume as its senders and receivers know it, whatever each of them calls its own.
struct Origin {
    Uuid uuid{};      ///< as its first sender calls it
    u64 ctransid = 0; ///< there

    friend bool operator==(const Origin&, const Origin&) = default;
};

} // namespace btrfs::send
