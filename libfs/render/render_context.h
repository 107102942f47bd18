// SPDX-License-Identifier: MIT
// What renderers of tree items need to know besides the item.
#pragma once

#include "libfs/volume/geometry.h"

namespace btrkit {

struct RenderContext {
    const Geometry& geometry;
    bool hide_names = false; ///< show names and the values of xattrs as HIDDEN
    bool csum_items = false; ///< show every checksum of EXTENT_CSUM items, not only the range that they cover
    u64 tree = 0;            ///< id of the tree that is being dumped
};

/// What stands in the place of a hidden name.
inline constexpr std::string_view hidden_name = "HIDDEN";

} // namespace btrkit
