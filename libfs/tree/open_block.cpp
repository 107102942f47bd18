// SPDX-License-Identifier: MIT
#include "libfs/tree/open_block.h"

#include "formats/btrfs/flags.h"

namespace btrkit {

void OpenBlock::add_items(const TreeBlock& leaf, u32 first, u32 count) {
    const u32 last_offset = leaf.item(first + count - 1).offset;
    const std::size_t size = data_bytes_of(leaf, first, count);
    data_start_ -= size;
    std::memcpy(bytes_.data() + data_start_, leaf.bytes().data() + sizeof(btrfs::TreeBlockHeader) + last_offset, size);
    const u32 moved_by =
        static_cast<u32>(data_start_ - sizeof(btrfs::TreeBlockHeader)) - last_offset; // wraps downwards
    for (u32 slot = first; slot < first + count; ++slot) {
        auto header = leaf.item(slot);
        header.offset = header.offset + moved_by;
        std::memcpy(bytes_.data() + entries_end_, &header, sizeof(header));
        entries_end_ += sizeof(header);
    }
    if (count_ == 0) {
        first_key_ = leaf.key(first);
    }
    count_ += count;
    last_key_ = leaf.key(first + count - 1);
}

BuiltBlock OpenBlock::complete(const Geometry& geometry, const TreeIdentity& identity, u8 level, Logical address) {
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
    return {.address = address, .tree = identity.tree, .level = level, .first_key = first_key_};
}

Result<BuiltBlock> OpenBlock::emit(const Geometry& geometry, const TreeIdentity& identity, u8 level, BlockSink& sink) {
    BTRKIT_TRY_ASSIGN(const auto address, sink.place(identity.tree, level));
    const auto built = complete(geometry, identity, level, address);
    BTRKIT_TRY(sink.take(built, bytes_));
    clear();
    return built;
}

Result<BuiltBlock> copy_block(const TreeBlock& from, const Geometry& geometry, const TreeIdentity& identity,
                              BlockSink& sink) {
    OpenBlock copy(geometry.nodesize);
    if (from.is_leaf() && from.count() > 0) {
        copy.add_items(from, 0, from.count());
    }
    for (u32 slot = 0; !from.is_leaf() && slot < from.count(); ++slot) {
        const auto& pointer = from.pointer(slot);
        copy.add_pointer(from.key(slot), {pointer.blockptr}, pointer.generation);
    }
    return copy.emit(geometry, identity, from.header().level, sink);
}

} // namespace btrkit
