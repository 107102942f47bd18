// SPDX-License-Identifier: MIT
// A small filesystem with edits that its checksums agree with: so an input of a few bytes gets past the checksums of a
// whole image, and what lies behind them is what is fuzzed.
#pragma once

#include "libfs/io/block_device.h"

#include <map>
#include <memory>
#include <vector>

namespace btrkit::fuzz {

inline constexpr std::size_t block_size = 4096; ///< the nodesize is a superblock's size

enum class Base {
    everything, ///< base.blocks: something of everything, in a subvolume (256) and its snapshot
    history,    ///< history.blocks: a subvolume (256) and two snapshots (257, 258) that differ
};

/// Blocks at their offsets; zeros everywhere else.
class SparseDevice final : public BlockDevice {
public:
    using Block = std::vector<std::byte>;

    SparseDevice(u64 size_bytes, std::map<u64, Block> blocks) : size_bytes_(size_bytes), blocks_(std::move(blocks)) {}

    const std::string& name() const override { return name_; }
    u64 size_bytes() const override { return size_bytes_; }
    Result<void> read(u64 offset, MutableBytes out) const override;

private:
    std::string name_ = "fuzz.img";
    u64 size_bytes_;
    std::map<u64, Block> blocks_;
};

/// Applies edits, each {block number, 1 byte; offset in the block, 2 bytes; length - 1 modulo 32, 1 byte; the bytes},
/// then makes the checksums of the blocks that were edited right.
std::unique_ptr<BlockDevice> edited_image(Bytes edits, Base base = Base::everything);

/// Writes the crc32c of the rest of a superblock or tree block in front of it.
void set_checksum(MutableBytes block);

} // namespace btrkit::fuzz
