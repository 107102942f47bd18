// SPDX-License-Identifier: MIT
// The picture alone, for those who put it into something. Internal to map_page.h.
#pragma once

#include "apps/usage/page/map_page.h"

namespace btrkit::apps {

/// The rules of its colours; the same inside of an SVG and of an HTML page.
std::string map_css();
/// "fill", "age", "pieces": the class by which the picture is told what makes colours strong.
std::string_view heat_word(Heat heat);
/// <svg>...</svg> without rules. is_alone: a file of its own, with a heading.
std::string map_picture(const usage::MapReport& report, const PageStyle& style, bool is_alone);

} // namespace btrkit::apps
