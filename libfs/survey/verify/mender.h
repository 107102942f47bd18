// SPDX-License-Identifier: MIT
// The only writer of a scrub: proven bytes over bad ones, in place.
#pragma once

#include "libfs/volume/volume_writer.h"

#include <atomic>

namespace btrkit::survey {

/// Several threads may write, at places that don't overlap.
class Mender {
public:
    /// The devices that may be written; no seed is among them.
    explicit Mender(WritableDevices devices) : devices_(std::move(devices)) {}

    /// Fails with refused where the device is not among those that may be written, or a superblock mirror stands there
    /// (no copy of anything may), and with io.
    Result<void> write(Physical place, Bytes bytes);
    /// offset: one of btrfs::superblock_offsets. Fails with refused where the device may not be written, and with io.
    Result<void> write_superblock(Physical place, Bytes bytes);
    /// Flushes all devices if anything was written. A failure is final.
    Result<void> flush();

    bool has_written() const { return has_written_; }
    /// A write or flush has failed: it is not known what stands on the device.
    bool has_failed() const { return has_failed_; }

private:
    Result<void> put(Physical place, Bytes bytes);

    WritableDevices devices_;
    std::atomic<bool> has_written_ = false;
    std::atomic<bool> has_failed_ = false;
};

} // namespace btrkit::survey
