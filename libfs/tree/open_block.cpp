// SPDX-License-Identifier: MIT
#include "libfs/tree/open_block.h"

#include "formats/btrfs/flags.h"

namespace btrkit {

Result<BuiltBlock> OpenBlock::emit(const Geometry& geometry, const TreeIdentity& identity, u8 level, BlockSink& sink) {
    BTRKIT_TRY_ASSIGN(const auto address, sink.place(identity.tree, level));
    const btrfs::TreeBlockHeader header = {
        .fsid = geometry.tree_fsid,
        .bytenr = address.bytenr,
        .flags = btrfs::header_flag_written | btrfs::flag_bit(btrfs::header_backref_revision_shift),
        .chunk_tree_uuid = identity.chunk_tree_uuid,
        .generation = identity.generation,
        .owner = identity.tree,
        .nritems = count_,
        .level = level,
    };
    std::memcpy(bytes_.data(), &header, sizeof(header));
    const BuiltBlock built = {.address = address, .tree = identity.tree, .level = level, .first_key = first_key_};
    BTRKIT_TRY(sink.take(built, bytes_));
    clear();
    return built;
}

Result<BuiltBlock> copy_block(const TreeBlock& from, const Geometry& geometry, const TreeIdentity& identity,
                              BlockSink& sink) {
    OpenBlock copy(geometry.nodesize);
    for (u32 slot = 0; slot < from.count(); ++slot) {
        if (from.is_leaf()) {
            copy.add_item(from.key(slot), from.item_data(slot));
        } else {
            const auto& pointer = from.pointer(slot);
            copy.add_pointer(from.key(slot), {pointer.blockptr}, pointer.generation);
        }
    }
    return copy.emit(geometry, identity, from.header().level, sink);
}

} // namespace btrkit
