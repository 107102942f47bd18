// SPDX-License-Identifier: MIT
// The raid stripe tree: where the data of redundant and striped chunks lies when it is not where the chunk says.
#pragma once

#include "libfs/tree/cursor.h"

namespace btrkit {

/// Whether the data of a chunk is looked up in the raid stripe tree, in a filesystem that has one: data chunks of all
/// profiles that have it (dup, raid0, raid1, raid1c3, raid1c4, raid10); metadata lies where the chunk says.
bool uses_stripe_tree(const Chunk& chunk);

/// A run of data that one mirror has in one place.
struct DataRun {
    Physical place;
    u64 length = 0; ///< bytes from the address asked for; never 0
};

/// Finds data by RAID_STRIPE items: key (logical, 230, length), a stride for each mirror.
class StripeTree {
public:
    StripeTree(const BlockReader& reader, const Promise& root) : reader_(&reader), root_(root) {}

    /// Where mirror (from 1) has the bytes from at on, cut at the end of the item. Fails with not_found where no item
    /// holds the address or the item has no such stride, and with damaged where the tree can't be read there.
    Result<DataRun> find(Logical at, u64 length, unsigned mirror) const;

    /// The address of the data at that place, and which mirror of it that is; looks at all items of the chunk. Nothing
    /// where none has the place. Fails with damaged where one may be in what can't be read.
    Result<std::optional<std::pair<Logical, unsigned>>> find_place(const Chunk& chunk, Physical place) const;

private:
    const BlockReader* reader_;
    Promise root_;
};

} // namespace btrkit
