// SPDX-License-Identifier: MIT
// Text inside of XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace btrkit::apps {

/// Any bytes: what is not printable ASCII becomes an escape (printable()), and what means something to XML an entity.
std::string markup_text(std::string_view bytes);

} // namespace btrkit::apps
