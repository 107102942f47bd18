// SPDX-License-Identifier: MIT
// The only code that writes superblocks: what makes a filesystem, and what each change of one ends with.
#pragma once

#include "libfs/volume/superblock_copies.h"
#include "libfs/volume/writable_devices.h"

namespace btrkit {

/// How far a commit has come. Where it failed, this says what stands on the devices.
enum class CommitStage {
    /// No superblock was touched: the old filesystem stands, if there was one.
    before,
    /// Everything that the new superblocks speak of lasts. Each device's primary copy is the old one or the new one,
    /// and
    /// where the power went or the device failed in the midst of it, torn; the mirrors are the old ones. So each device
    /// still tells of the old or of the new filesystem, as long as it has a mirror or writes its primary whole.
    primaries,
    /// The new filesystem stands: every device's primary was flushed and read back. Mirrors may be old, new or torn.
    mirrors,
    complete
};

/// Bytes that stood, or are to stand, at one of btrfs::superblock_offsets of a device: a superblock, or whatever it
/// was.
struct SuperblockImage {
    u64 devid = 0;
    u64 offset = 0;
    std::array<std::byte, btrfs::superblock_size> bytes = {};
};

class SuperblockWriter {
public:
    /// All devices of the filesystem, which must outlive it.
    explicit SuperblockWriter(WritableDevices devices) : devices_(std::move(devices)) {}

    /// Gives each device its superblock: flushes all devices, so that nothing that the superblocks speak of is behind
    /// them; writes the primaries, flushes all, reads them back; then the mirrors likewise. supers has one superblock
    /// for each device, which its dev_item.devid names; bytenr and checksum are put in for each copy. Copies stand at
    /// kept_superblock_offsets(), but mirrors only where the device has room.
    ///
    /// Fails with io at the first request that fails and at the first copy that does not read as it was written, and
    /// does nothing more then. Only flushes go on to the other devices.
    Result<void> commit(std::span<const btrfs::Superblock> supers);

    /// Brings back what stood in these places before a commit, byte by byte, stale and unwritten mirrors too, in the
    /// same order: flushes all devices; first copies, flush, read back; the other copies likewise. Places that are not
    /// among them keep what they have. Fails as commit() does.
    Result<void> restore(std::span<const SuperblockImage> images);

    /// Of the last commit or restore.
    CommitStage stage() const { return stage_; }

private:
    WritableDevices devices_;
    CommitStage stage_ = CommitStage::before;
};

/// The places that commit() writes on this device for this superblock: the first one, and mirrors where the superblock
/// has them kept and the device has room.
std::span<const u64> written_superblock_offsets(const BlockDevice& device, const btrfs::Superblock& super);

/// Writes one copy at one of btrfs::superblock_offsets, with that address and the checksum, flushes the device and
/// reads the copy back. Fails with io; what stands there is then not known.
Result<void> write_superblock_copy(WritableDevice& device, const btrfs::Superblock& super, u64 offset);

/// Puts zeros wherever a superblock may stand in the first size_bytes of a device. Does not flush. Fails with io.
Result<void> erase_superblocks(WritableDevice& device, u64 size_bytes);

} // namespace btrkit
