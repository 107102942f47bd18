// SPDX-License-Identifier: MIT
// A device over another one that is only read: what is written stays above it. So a change can be made, looked at with
// everything that reads devices, and then be dropped or brought down.
#pragma once

#include "libfs/io/temporary_file.h"
#include "libfs/io/writable_device.h"

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

namespace btrkit {

class OverlayDevice final : public WritableDevice {
public:
    /// What is written is kept in blocks of that many bytes. A write of parts of a block reads the rest of it below.
    static constexpr u64 block_bytes = 4096;

    struct Room {
        /// How much of what is written stays in memory, beside about a hundred bytes for each MiB of the device where
        /// something was written, and 16 for each block that is not in memory.
        u64 memory_bytes = u64{256} << 20;
        /// Where a TemporaryFile takes the rest. Is not touched before that.
        std::string spill_directory;
    };

    /// Reads `below`, which must outlive it and not change meanwhile, but by apply().
    OverlayDevice(const BlockDevice& below, Room room)
        : below_(below), free_memory_blocks_(room.memory_bytes / block_bytes),
          directory_(std::move(room.spill_directory)) {}

    const std::string& name() const override { return below_.name(); }
    u64 size_bytes() const override { return below_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override;
    void prefetch(u64 offset, u64 length_bytes) const override { below_.prefetch(offset, length_bytes); }

    /// Fails with io also where the rest of a block can't be read below, or what is written can't be spilled. What was
    /// to be written is then written in part.
    Result<void> write(u64 offset, Bytes bytes) override;
    /// Forgets whole blocks in the range: what is read there afterwards is what stands below. apply() will not discard.
    /// What they took in memory is free for blocks elsewhere when nothing of their MiB is left.
    Result<void> discard(u64 offset, u64 length_bytes) override;
    /// Does nothing: nothing here outlives the process.
    Result<void> flush() override { return {}; }

    /// Writes everything that was written here to a device of the same size, in ascending order; it is not flushed. The
    /// device may be the one below. Fails with the first write that fails, and where a spilled block can't be read;
    /// what lies behind was not written then.
    Result<void> apply(WritableDevice& to) const;

private:
    /// A stretch of the device where something was written. Its blocks lie in memory as they lie on the device: so they
    /// are read and brought down side by side. Of the memory only what is written takes room.
    static constexpr u64 piece_bytes = u64{1} << 20;
    static constexpr u64 piece_blocks = piece_bytes / block_bytes;
    using Slot = u64; ///< a place in the spill file
    struct Piece {
        std::bitset<piece_blocks> written;
        std::bitset<piece_blocks> touched; ///< those that have taken room in memory, even if they are forgotten since
        std::unique_ptr<std::byte[]> memory;
        std::map<u64, Slot> spilled; ///< those that are not in memory, by their number in the piece
    };

    u64 length_of(u64 block) const { return std::min(block_bytes, size_bytes() - block * block_bytes); }

    // The caller holds the lock.
    Result<void> write_part(u64 block, u64 within, Bytes part);
    Result<void> put_block(u64 block, Bytes whole);
    Result<Slot> take_slot();
    Result<void> write_stored(Piece& piece, u64 number, u64 within, Bytes bytes);
    Result<void> read_stored(const Piece& piece, u64 number, u64 within, MutableBytes out) const;
    void forget(Piece& piece, u64 number);
    Result<void> apply_run(const Piece& piece, u64 first_block, u64 behind, WritableDevice& to) const;

    const BlockDevice& below_;
    u64 free_memory_blocks_;
    std::string directory_;

    mutable std::shared_mutex mutex_;
    std::map<u64, Piece> pieces_; ///< by their number
    std::vector<Slot> free_slots_;
    Slot next_slot_ = 0; ///< from here on none was ever taken
    std::optional<TemporaryFile> spill_;
};

} // namespace btrkit
