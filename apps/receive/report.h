// SPDX-License-Identifier: MIT
// What was received, for eyes and for programs.
#pragma once

#include "apps/common/document.h"
#include "libfs/ops/receive/receive.h"

namespace btrkit::apps {

/// A line for each subvolume.
std::string report_text(const receive::Report& report, const std::string& directory);

/// "subvolumes" of docs/json-schema-receive.md.
void add_report(Json& document, const receive::Report& report);

} // namespace btrkit::apps
