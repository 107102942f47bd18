// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"
#include "apps/undo/outcome.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string device_line(const undo::DeviceReport& device, bool dry_run) {
    const bool is_torn = device.found == undo::SuperblockState::torn;
    return fmt::format("  device {}, {}: {}{} in place, {}, {} of the change {}\n", device.devid,
                       printable(device.name), is_torn ? "a superblock was half-written; " : "",
                       plural(device.restored_bytes, "byte"), plural(device.superblocks, "superblock"),
                       plural(device.cleared_blocks, "tree block"), dry_run ? "to be cleared" : "cleared");
}

std::string summary(const UndoOutcome& outcome) {
    const auto& identity = *outcome.file.identity();
    const auto filesystem = fmt::format("Filesystem {}", uuid_text(identity.fsid));
    if (outcome.report->was_done()) {
        return fmt::format("{}: is as it was at generation {} already\n", filesystem, identity.old_generation);
    }
    return fmt::format("{}: {} at generation {}, before the change to {}\n", filesystem,
                       outcome.dry_run ? "would be as it was" : "is as it was", identity.old_generation,
                       identity.new_generation);
}

} // namespace

std::string undo_text(const UndoOutcome& outcome) {
    if (outcome.was_released()) {
        return fmt::format("{}: removed; what it was made for can't be undone any more\n",
                           printable(outcome.undo_file));
    }
    std::string text = summary(outcome);
    if (!outcome.report->was_done()) {
        for (const auto& device : outcome.report->devices) {
            text += device_line(device, outcome.dry_run);
        }
    }
    return text;
}

} // namespace btrkit::apps
