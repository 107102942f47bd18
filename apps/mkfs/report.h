// SPDX-License-Identifier: MIT
// What mkfs made, or would make, as text and as JSON.
#pragma once

#include "apps/mkfs/targets.h"

#include <nlohmann/json.hpp>

namespace btrkit::apps {

/// What stands on the devices, or would: the plan's layout before, the report's after writing.
struct MkfsOutcome {
    const mkfs::Plan& plan;
    std::span<const Target> targets;
    const mkfs::Report* report = nullptr; ///< null: a dry run

    const mkfs::Layout& layout() const { return report != nullptr ? report->layout : plan.layout; }
};

std::string mkfs_text(const MkfsOutcome& outcome);

/// The document of docs/json-schema-mkfs.md.
nlohmann::ordered_json mkfs_json(const MkfsOutcome& outcome);

} // namespace btrkit::apps
