// SPDX-License-Identifier: MIT
// The filesystem as it was before a change, from the undo file that the change has written (docs/undo.md).
//
// run() does this, in this order. It can be interrupted anywhere, also by a loss of power, and run again: each step
// looks at what is there and does what is left.
//
//  1. Refuse an undo file that was never sealed, or tells of what no undo file tells of.
//  2. Tell the devices by their first superblocks: each must be the old or the new one, or torn between them, sector by
//     sector. Refuse where one is anything else, or missing: the filesystem has moved on, or is another one.
//  3. Write back what was overwritten in place; flush all devices.
//  4. Write back the first superblocks of all devices; flush, read them back; the mirrors likewise. From the first of
//     these writes on it is no longer the new filesystem, from the second flush on it is the old one.
//  5. Zero the headers of tree blocks that the change made, where they still are what it made: the next transaction of
//     the old filesystem has their generation, and must not meet them. Flush.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/io/undo_reader.h"
#include "libfs/volume/writable_devices.h"

#include <string>
#include <vector>

namespace btrkit::undo {

/// What the first superblock of a device is.
enum class SuperblockState {
    changed,   ///< that of the change
    unchanged, ///< that of the filesystem as it was
    torn,      ///< sectors of both: writing it was interrupted
};

/// What was (or is to be) written; what stands there already is not counted.
struct DeviceReport {
    u64 devid = 0;
    std::string name = {}; ///< of the image that it was found on
    SuperblockState found = SuperblockState::changed;
    u64 restored_bytes = 0; ///< in place; superblocks not counted
    u64 superblocks = 0;
    u64 cleared_blocks = 0; ///< copies of tree blocks
};

struct Report {
    std::vector<DeviceReport> devices; ///< in the order of the undo file

    /// All devices together.
    DeviceReport totals() const;
    /// The old filesystem stood there already, and nothing was left to be done.
    bool was_done() const;
};

/// What run() would do; reads only. images: all devices of the filesystem, in any order. Fails with refused where run()
/// must not write (the reasons of steps 1 and 2), with usage where a device is given twice, with damaged where the undo
/// file changes while it is read, with io, and with cancelled.
Result<Report> plan(const UndoReader& file, std::span<const BlockDevice* const> images, const RunContext& context);

/// Brings the old filesystem back. Fails like plan(), and then nothing was written; or with io or cancelled in the
/// midst of it: then it is to be run again, and no one else may write to the devices before.
Result<Report> run(const UndoReader& file, std::span<WritableDevice* const> images, const RunContext& context);

} // namespace btrkit::undo
