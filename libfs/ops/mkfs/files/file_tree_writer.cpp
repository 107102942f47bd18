// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/file_tree_writer.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"
#include "libfs/ops/mkfs/parameters.h"

#include <sys/stat.h>

namespace btrkit::mkfs {

namespace {

/// The kernel's bound on one extent of uncompressed data.
constexpr u64 max_extent_bytes = u64{128} << 20;

bool continues(const StoredPiece& open, const StoredPiece& next) {
    return open.compression == btrfs::Compression::none && next.compression == btrfs::Compression::none &&
           open.at + open.stored_bytes == next.at && !next.begins_group &&
           open.file_offset + open.plain_bytes == next.file_offset &&
           open.stored_bytes + next.stored_bytes <= max_extent_bytes;
}

btrfs::FileExtentHead head_of(btrfs::FileExtentType type, u64 ram_bytes, btrfs::Compression compression) {
    return {.generation = first_generation,
            .ram_bytes = ram_bytes,
            .compression = static_cast<u8>(compression),
            .other_encoding = 0,
            .type = static_cast<u8>(type)};
}

} // namespace

FileTreeWriter::FileTreeWriter(const TreePlan& plan, const Geometry& geometry, const TreeIdentity& identity,
                               BlockSink& sink, std::vector<DataExtent>& extents)
    : plan_(&plan), inode_items_(plan, geometry), has_hole_items_(!geometry.has_incompat(btrfs::incompat_no_holes)),
      tree_id_(identity.tree), builder_(geometry, identity, sink), extents_(&extents) {}

Result<void> FileTreeWriter::begin_inode(u32 source_inode, u64 nbytes) {
    BTRKIT_TRY(flush_extent());
    inode_ = plan_->inode_number(source_inode);
    BTRKIT_TRY(inode_items_.add(builder_, source_inode, nbytes));
    const SourceInode& inode = plan_->source().inodes[source_inode];
    return S_ISLNK(inode.mode) ? add_inline(std::as_bytes(std::span(inode.link_target)), inode.link_target.size(),
                                            btrfs::Compression::none)
                               : Result<void>{};
}

Result<void> FileTreeWriter::add_inline(Bytes stored, u64 plain_bytes, btrfs::Compression compression) {
    ItemBuffer body;
    body.add(head_of(btrfs::FileExtentType::inline_data, plain_bytes, compression)).add_bytes(stored);
    return builder_.add({inode_, btrfs::item_type::extent_data, 0}, body.bytes());
}

Result<void> FileTreeWriter::add_piece(const StoredPiece& piece) {
    if (open_ && continues(*open_, piece)) {
        open_->stored_bytes += piece.stored_bytes;
        open_->plain_bytes += piece.plain_bytes;
        return {};
    }
    auto flushed = flush_extent();
    open_ = piece;
    return flushed;
}

Result<void> FileTreeWriter::add_hole(u64 file_offset, u64 length) {
    if (auto flushed = flush_extent(); !flushed || !has_hole_items_) {
        return flushed;
    }
    return add_range(file_offset, head_of(btrfs::FileExtentType::regular, length, btrfs::Compression::none),
                     {.disk_bytenr = 0, .disk_num_bytes = 0, .offset = 0, .num_bytes = length});
}

Result<void> FileTreeWriter::flush_extent() {
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

Result<void> FileTreeWriter::add_range(u64 file_offset, const btrfs::FileExtentHead& head,
                                       const btrfs::FileExtentRange& range) {
    ItemBuffer body;
    body.add(head).add(range);
    return builder_.add({inode_, btrfs::item_type::extent_data, file_offset}, body.bytes());
}

Result<FileTreeWriter::Finished> FileTreeWriter::finish() {
    BTRKIT_TRY(flush_extent());
    BTRKIT_TRY_ASSIGN(const auto tree, builder_.finish());
    return Finished{.tree = tree, .data_bytes = data_bytes_};
}

} // namespace btrkit::mkfs
