// SPDX-License-Identifier: MIT
// What items hold that is nobody's business.
#pragma once

#include "formats/btrfs/key.h"
#include "formats/dump_image/dump_file.h"
#include "libfs/base/bytes.h"

namespace btrkit::dump_image {

/// What stands for bytes that were left out: a letter, so that the target of a symlink stays one.
inline constexpr std::byte left_out{'x'};

struct HiddenItem {
    btrfs::Key key;
    u64 owner;     ///< of the leaf
    bool is_sound; ///< so is the leaf: else what does not look like an item of that type and tree is left out too
};

/// Hides in the body of an item, whatever it is, what privacy says (not Privacy::nothing). All lengths stay.
void hide_in_item(const HiddenItem& item, MutableBytes body, dump_format::Privacy privacy);

} // namespace btrkit::dump_image
