// SPDX-License-Identifier: MIT
// Findings in reports of text, and what reports begin with.
#pragma once

#include "apps/common/messages.h"
#include "formats/btrfs/superblock.h"
#include "libfs/survey/findings.h"

namespace btrkit::apps {

/// Those of one code together: a line each, and below it, indented, what could be or was done about it and whose it
/// is. verbose: all that are kept, and not only the first of each code; quiet: no notes.
void put_findings(std::string& text, const survey::Findings& findings, Verbosity verbosity);

/// "a.img, b.img"
std::string images_text(const std::vector<std::string>& images);
/// "label "x"", or "no label"
std::string label_text(const btrfs::Superblock& super);

} // namespace btrkit::apps
