// SPDX-License-Identifier: MIT
#include "libfs/edit/file_item_writer.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"

namespace btrkit {

namespace {

bool continues(const StoredPiece& open, const StoredPiece& next) {
    return open.compression == btrfs::Compression::none && next.compression == btrfs::Compression::none &&
           open.at + open.stored_bytes == next.at && !next.begins_group &&
           open.file_offset + open.plain_bytes == next.file_offset &&
           open.stored_bytes + next.stored_bytes <= max_extent_bytes;
}

} // namespace

FileItemWriter::FileItemWriter(ItemSink& sink, const Geometry& geometry, u64 tree, u64 generation,
                               std::vector<DataExtent>& extents)
    : sink_(&sink), has_hole_items_(!geometry.has_incompat(btrfs::incompat_no_holes)), tree_id_(tree),
      generation_(generation), extents_(&extents) {}

btrfs::FileExtentHead FileItemWriter::head_of(btrfs::FileExtentType type, u64 ram_bytes,
                                              btrfs::Compression compression) const {
    return {.generation = generation_,
            .ram_bytes = ram_bytes,
            .compression = static_cast<u8>(compression),
            .other_encoding = 0,
            .type = static_cast<u8>(type)};
}

Result<void> FileItemWriter::begin_inode(u64 number) {
    BTRKIT_TRY(flush());
    inode_ = number;
    return {};
}

Result<void> FileItemWriter::add_inline(Bytes stored, u64 plain_bytes, btrfs::Compression compression) {
    ItemBuffer body;
    body.add(head_of(btrfs::FileExtentType::inline_data, plain_bytes, compression)).add_bytes(stored);
    return sink_->add({inode_, btrfs::item_type::extent_data, 0}, body.bytes());
}

Result<void> FileItemWriter::add_piece(const StoredPiece& piece) {
    if (open_ && continues(*open_, piece)) {
        open_->stored_bytes += piece.stored_bytes;
        open_->plain_bytes += piece.plain_bytes;
        return {};
    }
    auto flushed = flush();
    open_ = piece;
    return flushed;
}

Result<void> FileItemWriter::add_hole(u64 file_offset, u64 length) {
    if (auto flushed = flush(); !flushed || !has_hole_items_) {
        return flushed;
    }
    return add_range(file_offset, head_of(btrfs::FileExtentType::regular, length, btrfs::Compression::none),
                     {.disk_bytenr = 0, .disk_num_bytes = 0, .offset = 0, .num_bytes = length});
}

Result<void> FileItemWriter::flush() {
    if (!open_) {
        return {};
    }
    const StoredPiece piece = *open_;
    open_.reset();
    extents_->push_back({.at = piece.at,
                         .length = piece.stored_bytes,
                         .tree = tree_id_,
                         .inode = inode_,
                         .file_offset = piece.file_offset});
    data_bytes_ += piece.stored_bytes;
    return add_range(piece.file_offset, head_of(btrfs::FileExtentType::regular, piece.plain_bytes, piece.compression),
                     {.disk_bytenr = piece.at.bytenr,
                      .disk_num_bytes = piece.stored_bytes,
                      .offset = 0,
                      .num_bytes = piece.plain_bytes});
}

Result<void> FileItemWriter::add_range(u64 file_offset, const btrfs::FileExtentHead& head,
                                       const btrfs::FileExtentRange& range) {
    ItemBuffer body;
    body.add(head).add(range);
    return sink_->add({inode_, btrfs::item_type::extent_data, file_offset}, body.bytes());
}

} // namespace btrkit
