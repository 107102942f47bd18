// SPDX-License-Identifier: MIT
// A glance at a filesystem, as text and as JSON.
#pragma once

#include "apps/common/messages.h"
#include "apps/info/glance.h"

#include <string>

namespace btrkit::apps {

/// verbose: all subvolumes and findings, and not only the first of them.
std::string info_text(const Glance& glance, Verbosity verbosity);
/// The document of docs/json-schema-info.md.
std::string info_json(const Glance& glance);

} // namespace btrkit::apps
