// SPDX-License-Identifier: MIT
// Who has the data, as text and as JSON.
#pragma once

#include "apps/usage/answer.h"
#include "libfs/ops/usage/files/files.h"

namespace btrkit::apps {

struct DuStyle {
    SizeForm sizes = SizeForm::iec;
    bool lines_only = false; ///< nothing but the lines of `btrfs filesystem du`
};

/// Lines as `btrfs filesystem du` prints them, or one for each subvolume; compsize's table; fragments and waste.
std::string du_text(const usage::FilesReport& report, const DuStyle& style);
/// The parts of that: lines; and compsize's table.
std::string du_lines_text(const usage::FilesReport& report, SizeForm sizes);
std::string du_subvolumes_text(const usage::FilesReport& report, SizeForm sizes);
std::string du_kinds_text(const usage::FileUse& use, SizeForm sizes);

/// The document of docs/json-schema-usage.md.
std::string du_json(const UsageFlags& flags, const Filesystem& filesystem, const usage::FilesReport& report);

} // namespace btrkit::apps
