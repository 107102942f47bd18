// SPDX-License-Identifier: MIT
// What came out, as text and JSON.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/extract/report.h"

namespace btrkit::apps {

/// The summary: a line.
std::string extract_text(const extract::Report& report);

/// filesystem: null of streams, which are in the place of images then.
std::string extract_json(const std::vector<std::string>& images, const Filesystem* filesystem,
                         const std::string& target, const extract::Report& report);

} // namespace btrkit::apps
