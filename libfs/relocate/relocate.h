// SPDX-License-Identifier: MIT
// Extents and tree blocks moved to other addresses, while everyone who refers to them follows (a graph rewrite in its
// pure form: one block stays one block). What files hold, who shares what with whom, and the generation of everything
// that subvolumes can share stay as they are; so do all counts of references. relocate() does this, in this order:
//
//  1. Cut chunks, lay new ones, size devices: chunk tree, device tree, block groups, free space.
//  2. Take the new places of data, give the old ones back, copy the data and its checksums (data_copy.h): each sector
//  is
//     proven, and written into space that is free in the committed filesystem.
//  3. Go through the distinct blocks of all subvolumes (graph_rewriter.h). A block that must leave its place, or that
//     points to what has moved, is written elsewhere, with the generation that it had.
//  4. Translate the extent tree (moved_extents.h): extents have their new addresses, and references in full name those
//     of the blocks that they stand for.
//  5. Make new the blocks of all other trees that must leave their place, which nobody shares, and pack these trees
//     again, so that none takes more blocks than before (leave_blocks.h).
//
// The transaction is then proposed and committed as any other. A block that keeps its generation is never placed where
// any copy has a header with the same address and generation: a write that got lost would pass for it.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/address_map.h"
#include "libfs/txn/transaction.h"

namespace btrkit {

struct Relocation {
    std::map<u64, u64> device_bytes = {};         ///< devices of which the filesystem has more or less, by devid
    std::map<u64, std::optional<Chunk>> cut = {}; ///< what is left of chunks that are cut or go, by their start
    std::vector<Chunk> new_chunks = {};           ///< in space of the devices that no committed chunk has
    AddressMap data = {};                         ///< data extents, whole ones

    /// Devices may be resized.
    bool moves_nothing() const { return cut.empty() && new_chunks.empty() && data.empty(); }
    bool is_empty() const { return moves_nothing() && device_bytes.empty(); }
};

struct RelocationReport {
    u64 data_bytes = 0;  ///< moved, one copy of each
    u64 block_count = 0; ///< tree blocks of subvolumes that were written elsewhere
};

/// Everything that lies in chunks that go, and in what is cut off of others, leaves them: data must be in the
/// relocation, tree blocks are given places in what is left and what is new. Fails with damaged where anything that
/// must move can't be read or proven, with no_space, with refused where subvolumes are half deleted, with cancelled,
/// and as devices do: the transaction is to be dropped then, and nothing has happened.
Result<RelocationReport> relocate(Transaction& transaction, const Relocation& relocation, const RunContext& context);

} // namespace btrkit
