// SPDX-License-Identifier: MIT
// The writer in place: proven bytes over bad ones, and nothing else.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/address.h"
#include "libfs/volume/writable_devices.h"

#include <atomic>
#include <mutex>

namespace btrkit {

/// Verbs that mend a filesystem where it stands write through this and through nothing else. Whoever calls write()
/// has proven the bytes for that very place: by a checksum, by the promise of a parent, or rebuilt from parts so
/// proven; and what stands there does not hold against the same proof. So a write that comes down, fails or is torn by
/// a loss of power takes nothing away that was good. Superblocks are read back at once; whether anything else came
/// down, the next look at it tells.
///
/// Several threads may write, at places that don't overlap.
class Mender {
public:
    /// The devices that may be written; no seed is among them.
    explicit Mender(WritableDevices devices) : devices_(std::move(devices)) {}

    /// Fails with refused where the device is not among those that may be written, or a superblock mirror stands there
    /// (no copy of anything may), and with io.
    Result<void> write(Physical place, Bytes bytes);
    /// Writes the superblock as the copy at one of btrfs::superblock_offsets, flushes the device and reads the copy
    /// back. Fails with refused where the device may not be written, and with io.
    Result<void> write_superblock(u64 devid, const btrfs::Superblock& super, u64 offset);
    /// Flushes all devices if anything was written. A failure is final.
    Result<void> flush();

    bool has_written() const { return has_written_; }
    /// A write or flush has failed, or a superblock did not read as it was written: it is not known what stands on the
    /// device.
    bool has_failed() const { return has_failed_; }
    /// Why the first of them failed, in one line; empty: none did. Not while others write.
    const std::string& failure() const { return failure_; }

private:
    /// Calls write(device) and takes down that it was tried, and whether it failed.
    template <class Write>
    Result<void> put(u64 devid, Write write);
    Result<void> note(Result<void> done);

    WritableDevices devices_;
    std::atomic<bool> has_written_ = false;
    std::atomic<bool> has_failed_ = false;
    std::mutex mutex_;
    std::string failure_; ///< under the mutex
};

} // namespace btrkit
