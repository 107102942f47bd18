// SPDX-License-Identifier: MIT
#include "libfs/relocate/relocate.h"

#include "libfs/relocate/data_copy.h"
#include "libfs/relocate/leave_blocks.h"
#include "libfs/relocate/moved_blocks.h"
#include "libfs/relocate/moved_extents.h"
#include "libfs/relocate/repack_csums.h"
#include "libfs/relocate/rewrite_subvolumes.h"
#include "libfs/space/free_space.h"
#include "libfs/txn/settle.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

Result<void> change_chunks(Workspace& workspace, const Relocation& relocation) {
    for (const auto& [devid, bytes] : relocation.device_bytes) {
        workspace.growth.resize_device(devid, bytes);
    }
    BTRKIT_TRY(workspace.growth.put_resized_devices());
    for (const auto& [start, left] : relocation.cut) {
        const Chunk* chunk = workspace.filesystem.volume().chunks().find({start});
        if (chunk == nullptr || chunk->start.bytenr != start) {
            return fail_as_bug(fmt::format("there is no chunk {} to be cut", start));
        }
        BTRKIT_TRY(workspace.space.cut_group(*chunk, left));
        BTRKIT_TRY(workspace.growth.cut(*chunk, left));
    }
    for (const auto& chunk : relocation.new_chunks) {
        BTRKIT_TRY(workspace.growth.add(chunk));
        workspace.space.add_group(chunk);
    }
    return {};
}

/// Of chunks that go, and what is cut off of others.
RangeSet leaving_addresses(const ChunkMap& committed, const Relocation& relocation) {
    RangeSet leaving;
    for (const auto& [start, left] : relocation.cut) {
        const Range whole = range_of(*committed.find({start}));
        leaving.insert({whole.start, left ? left->start.bytenr : whole.end});
        leaving.insert({left ? range_of(*left).end : whole.end, whole.end});
    }
    return leaving;
}

Result<void> move_space(Workspace& workspace, const AddressMap& data) {
    for (const auto& move : data.moves()) {
        BTRKIT_TRY(workspace.space.claim(move.target()));
        BTRKIT_TRY(workspace.space.release(move.from));
        workspace.freed_data.insert(move.from);
    }
    return {};
}

/// Extents and blocks leave, and whoever refers to them follows. Returns how many blocks of subvolumes have.
Result<u64> move_all(Transaction& transaction, const Relocation& relocation, const RangeSet& leaving,
                     const RunContext& context) {
    auto& workspace = transaction.workspace();
    MovedBlocks moved(workspace.space, leaving, relocation.data);
    GraphRewriter blocks(workspace, transaction.committed(), moved);
    BTRKIT_TRY_ASSIGN(const auto subvolumes, whole_subvolumes(transaction.committed()));
    BTRKIT_TRY(rewrite_subvolumes(subvolumes, blocks, context));
    BTRKIT_TRY(translate_extents(transaction, relocation.data, blocks, context));
    BTRKIT_TRY(settle(workspace));
    return blocks.written_count();
}

/// All trees but subvolumes.
Result<void> renew_other_trees(Transaction& transaction, const RangeSet& leaving) {
    BTRKIT_TRY(leave_blocks(transaction, leaving));
    BTRKIT_TRY(settle(transaction.workspace()));
    BTRKIT_TRY(repack_trees(transaction));
    return repack_csums(transaction);
}

} // namespace

Result<RelocationReport> relocate(Transaction& transaction, const Relocation& relocation, const RunContext& context) {
    auto& workspace = transaction.workspace();
    workspace.keeps_full_quotas = true;
    BTRKIT_TRY(change_chunks(workspace, relocation));
    if (relocation.moves_nothing()) {
        return RelocationReport{};
    }
    BTRKIT_TRY(move_space(workspace, relocation.data));
    BTRKIT_TRY(copy_data(transaction, relocation.data, context));
    context.progress.begin_phase("moving metadata", 0, ProgressUnit::items);
    const RangeSet leaving = leaving_addresses(transaction.committed().volume().chunks(), relocation);
    BTRKIT_TRY_ASSIGN(const u64 block_count, move_all(transaction, relocation, leaving, context));
    BTRKIT_TRY(renew_other_trees(transaction, leaving));
    return RelocationReport{.data_bytes = relocation.data.total_bytes(), .block_count = block_count};
}

} // namespace btrkit
