// SPDX-License-Identifier: MIT
// The map as a picture: one SVG that needs nothing else, or an HTML page around it. Both are readable in light and
// dark, tell numbers where the pointer rests, and have no more than most_cells cells (map.h), whatever the filesystem.
#pragma once

#include "libfs/ops/usage/map/map.h"

#include <optional>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// What makes the colour of a cell strong.
enum class Heat {
    fill,   ///< how much of what is given to chunks is used
    age,    ///< how long ago, in generations, what is there was written: the youngest is strongest
    pieces, ///< how many extents and free ranges begin there
};
std::optional<Heat> parse_heat(std::string_view word);

struct PageStyle {
    Heat heat = Heat::fill; ///< of an SVG; and which an HTML page begins with
    std::string label;      ///< of the filesystem, as text
    bool has_damages = false;
};

std::string map_svg(const usage::MapReport& report, const PageStyle& style);
/// With a choice of the heat, and the numbers of btrkit-usage df.
std::string map_html(const usage::MapReport& report, const PageStyle& style);

} // namespace btrkit::apps
