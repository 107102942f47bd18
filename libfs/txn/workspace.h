// SPDX-License-Identifier: MIT
// What all parts of a transaction work on: the filesystem as it is becoming, and the accounts that are kept of it.
#pragma once

#include "libfs/base/parallelism.h"
#include "libfs/io/overlay_device.h"
#include "libfs/space/ref_deltas.h"
#include "libfs/tree/seal_block.h"
#include "libfs/txn/chunk_growth.h"
#include "libfs/txn/data_writes.h"
#include "libfs/txn/recorded_heads.h"
#include "libfs/txn/simple_quotas.h"
#include "libfs/txn/space_ledger.h"
#include "libfs/txn/tree_table.h"
#include "libfs/volume/volume_writer.h"

namespace btrkit {

struct Workspace {
    struct Room {
        std::size_t cache_bytes = 0;
        std::size_t waiting_bytes = 0; ///< of changes that are not in any tree yet; somewhat more may come together
    };

    Workspace(Filesystem over_overlays, std::map<u64, OverlayDevice*> overlays_by_devid, VolumeWriter to_overlays,
              const SpaceLedger::Trees& committed, Geometry new_geometry, const btrfs::Uuid& chunk_tree,
              const Room& given)
        : filesystem(std::move(over_overlays)), overlays(std::move(overlays_by_devid)), writer(std::move(to_overlays)),
          room(given), cache(filesystem.reader(), room.cache_bytes), geometry(std::move(new_geometry)),
          chunk_tree_uuid(chunk_tree), trees(filesystem, cache),
          growth(filesystem.volume(), filesystem, trees, geometry, chunk_tree_uuid),
          space(filesystem, cache, committed, growth) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    /// Over overlays of the committed filesystem's devices: what is written here is read here and nowhere else.
    Filesystem filesystem;
    std::map<u64, OverlayDevice*> overlays;  ///< by devid
    VolumeWriter writer;                     ///< to the overlays
    std::optional<VolumeWriter> data_writer; ///< below them; nothing: data goes to the overlays
    std::optional<DataWrites> data_writes;   ///< by that
    Room room;
    Parallelism parallelism;
    BadItems bad_items = BadItems::refused;
    BlockCache cache;
    Geometry geometry; ///< its generation is that of this transaction
    btrfs::Uuid chunk_tree_uuid;
    TreeTable trees;
    RefDeltas refs;
    RecordedHeads recorded;
    ChunkGrowth growth;
    SpaceLedger space;
    SimpleQuotas quotas;
    RangeSet freed_data;   ///< data extents that are gone, whose checksums are not yet
    RangeSet written_data; ///< data that this run wrote, some of which may be gone again
    RangeSet born;         ///< tree blocks that this run made, some of which it may have left again
    RangeSet kept_data;    ///< data that stays in its place, though the extents that it belongs to are others now
    RangeSet moved_blocks; ///< tree blocks that this run has put elsewhere as they were, generation and all
    /// No subvolume refers to more or less than before, so what full quotas have counted stays right.
    bool keeps_full_quotas = false;

    std::size_t waiting_bytes() const {
        std::size_t sum = refs.waiting_bytes();
        for (const auto& [id, tree] : trees.open_trees()) {
            sum += tree.buffer.waiting_bytes();
        }
        return sum;
    }
    u64 generation() const { return geometry.generation; }
    /// For a place where this run has written nothing yet: what is free in the committed filesystem. Where parity must
    /// follow, writes stay in the overlays.
    const VolumeWriter& writer_to_untouched(Logical at) const {
        const Chunk* chunk = filesystem.volume().chunks().find(at);
        return data_writer && chunk != nullptr && chunk->profile().parity == 0 ? *data_writer : writer;
    }
    TreeIdentity identity_of(u64 tree) const {
        return {.tree = tree, .generation = geometry.generation, .chunk_tree_uuid = chunk_tree_uuid};
    }
};

} // namespace btrkit
