// SPDX-License-Identifier: MIT
// What an undo has to tell, before it is text or JSON.
#pragma once

#include "apps/common/messages.h"
#include "libfs/ops/undo/undo.h"
#include "libfs/render/fields_json.h"

#include <string>
#include <vector>

namespace btrkit::apps {

struct UndoOutcome {
    const std::string& undo_file; ///< as it was given
    const std::vector<std::string>& images;
    const UndoReader& file;
    const undo::Report* report = nullptr; ///< null: the undo file was given up
    bool dry_run = false;

    bool was_released() const { return report == nullptr; }
};

/// A line for the whole, and one a device.
std::string undo_text(const UndoOutcome& outcome);

/// The document of docs/json-schema-undo.md.
Json undo_json(const UndoOutcome& outcome);

} // namespace btrkit::apps
