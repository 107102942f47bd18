// SPDX-License-Identifier: MIT
// Tree blocks from whichever copy keeps the parent's promise.
#pragma once

#include "libfs/tree/tree_block.h"
#include "libfs/volume/volume.h"

#include <memory>

namespace btrkit {

/// One block as it was read.
struct ReadBlock {
    BlockState state = BlockState::lost;
    std::optional<TreeBlock> proven; ///< only in state proven
    Problems problems;               ///< of all copies that were looked at; not empty unless the first one was good

    /// Needs state proven.
    const TreeBlock& block() const { return *proven; }
};

class BlockReader {
public:
    explicit BlockReader(const Volume& volume) : volume_(&volume) {}

    const Volume& volume() const { return *volume_; }
    const Geometry& geometry() const { return volume_->geometry(); }
    u32 nodesize() const { return geometry().nodesize; }

    /// Reads a block into buffer (nodesize long), mirror by mirror until one is proven; of a leaf of the chunk tree, by
    /// which all else is read, the first that read_sound_leaf() finds, if it finds any. In state malformed buffer
    /// holds a copy that is the right block but not well-formed; in state lost its contents are undefined.
    ReadBlock read(const Promise& promise, MutableBytes buffer) const;

    /// The first copy of a proven leaf of that tree to which check_items() has no objection either: kernels take no
    /// other, where they have the choice. In state lost, and buffer as it was, where no copy is so.
    ReadBlock read_sound_leaf(const Promise& promise, u64 tree, MutableBytes buffer) const;

    /// Reads many blocks into buffer, one behind the other: the preferred mirrors in large runs, then, for those that
    /// don't prove, mirror by mirror. Results stand in the order of promises.
    std::vector<ReadBlock> read_many(std::span<const Promise> promises, MutableBytes buffer) const;

private:
    ReadBlock read_mirrors(const Promise& promise, MutableBytes buffer, std::span<const unsigned> mirrors) const;

    const Volume* volume_;
};

/// A block that keeps its own bytes.
class OwnedBlock {
public:
    OwnedBlock(const BlockReader& reader, const Promise& promise)
        : bytes_(std::make_unique_for_overwrite<std::byte[]>(reader.nodesize())), size_(reader.nodesize()),
          read_(reader.read(promise, {bytes_.get(), size_})) {}

    BlockState state() const { return read_.state; }
    bool is_proven() const { return read_.state == BlockState::proven; }
    const Problems& problems() const { return read_.problems; }
    const TreeBlock& block() const { return read_.block(); }
    BlockView view() const { return BlockView({bytes_.get(), size_}); }

private:
    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_;
    ReadBlock read_;
};

} // namespace btrkit
