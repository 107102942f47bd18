// SPDX-License-Identifier: MIT
// What a commit's superblocks overwrite, into its undo file.
#pragma once

#include "libfs/io/undo_writer.h"
#include "libfs/volume/writable_devices.h"

namespace btrkit {

/// Which filesystem a commit changes: the one of these superblocks, which it will write (one a device, as for
/// SuperblockWriter::commit()), on these devices. old_generation: of the superblocks that stand there.
UndoIdentity undo_identity(std::span<const btrfs::Superblock> new_supers, u64 old_generation,
                           const WritableDevices& devices);

/// Saves each place that SuperblockWriter::commit(new_supers) writes: what stands there, whatever it is, and what will.
/// Fails as UndoWriter does, and with io where a place can't be read.
Result<void> save_superblocks(UndoWriter& undo, std::span<const btrfs::Superblock> new_supers,
                              const WritableDevices& devices);

} // namespace btrkit
