// SPDX-License-Identifier: MIT
// Tree blocks that are looked at again and again, and a limit to all that looking.
#pragma once

#include "libfs/tree/tree_walk.h"

#include <list>
#include <unordered_map>

namespace btrkit::survey {

class NodeCache {
public:
    using Block = std::shared_ptr<const OwnedBlock>;

    /// Keeps about memory_bytes, those used last.
    NodeCache(const BlockReader& reader, u64 memory_bytes)
        : reader_(reader), most_(std::max<std::size_t>(memory_bytes / reader.nodesize(), 16)) {}

    /// A proven block; null where it can't be read, or when so much was looked at that it must end.
    Block get(const Promise& promise);
    bool is_exhausted() const { return reads_ >= most_reads || looks_ >= most_looks; }

private:
    /// Some 10 seconds each.
    static constexpr u64 most_reads = 250'000;
    static constexpr u64 most_looks = 30'000'000;

    struct Entry {
        u64 address;
        Block block; ///< null: can't be read
    };

    const BlockReader& reader_;
    std::size_t most_;
    std::list<Entry> entries_; ///< those used last come first
    std::unordered_map<u64, std::list<Entry>::iterator> places_;
    u64 reads_ = 0;
    u64 looks_ = 0;
};

/// The slot of the child of a node that has the key, if any has.
u32 child_slot(const BlockView& node, const btrfs::Key& key);
BlockRef child_ref(const BlockView& node, u32 slot);

} // namespace btrkit::survey
