// SPDX-License-Identifier: MIT
// Blocks that were read and proven not long ago, for look-ups that come to the same ones again and again.
#pragma once

#include "libfs/tree/tree_walk.h"

#include <list>
#include <memory>
#include <unordered_map>

namespace btrkit {

/// Proven blocks by address, the least recently used ones let go first. For one thread.
class BlockCache {
public:
    using Block = std::shared_ptr<const OwnedBlock>;

    /// Keeps at most so many bytes of blocks, and at least a handful of them; those in use elsewhere live on.
    BlockCache(const BlockReader& reader, std::size_t most_bytes);

    const BlockReader& reader() const { return *reader_; }

    /// The block that keeps the promise: always proven. A block that was proven for another promise is handed out only
    /// if it keeps this one too. Fails with damaged, naming what is lost; nothing is remembered of that.
    Result<Block> get(const Promise& promise);

    /// Another block stands at that address now: the next get() reads it. Who holds the old one keeps it as it was.
    void forget(u64 address);

    /// How many blocks get() has read, or tried to.
    u64 read_count() const { return read_count_; }

    /// Tells the devices that these blocks will be wanted soon, but for those that are here already.
    void prefetch(std::span<const Logical> addresses) const;

private:
    struct Entry {
        u64 address;
        Block block;
    };

    void keep(u64 address, const Block& block);

    const BlockReader* reader_;
    std::size_t most_blocks_;
    u64 read_count_ = 0;
    std::list<Entry> entries_; ///< the most recently used one first
    std::unordered_map<u64, std::list<Entry>::iterator> by_address_;
};

} // namespace btrkit
