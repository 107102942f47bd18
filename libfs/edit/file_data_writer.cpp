// SPDX-License-Identifier: MIT
#include "libfs/edit/file_data_writer.h"

#include "libfs/edit/compression_property.h"
#include "libfs/edit/data_store.h"

#include <algorithm>

namespace btrkit {

Result<void> FileDataWriter::begin(const PlaceInTree& file) {
    auto& transaction = inodes_->transaction();
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(file.tree));
    file_ = file;
    nbytes_ = stored_end_ = 0;
    items_.emplace(*tree, transaction.geometry(), file.tree, transaction.generation(), extents_);
    return items_->begin_inode(file.inode);
}

Result<void> FileDataWriter::add_piece(const DataBatch& batch, std::size_t index) {
    const DataPiece& piece = batch.pieces[index];
    if (piece.is_inline) {
        inodes_->transaction().add_incompat(incompat_of(piece.inline_compression));
        nbytes_ += piece.length;
        return items_->add_inline(piece.inline_data, piece.length, piece.inline_compression);
    }
    for (const auto& run : std::ranges::equal_range(batch.runs, index, {}, &DataRun::piece)) {
        BTRKIT_TRY(add_run(batch, run));
    }
    return {};
}

Result<void> FileDataWriter::add_run(const DataBatch& batch, const DataRun& run) {
    auto& transaction = inodes_->transaction();
    const auto& geometry = transaction.geometry();
    const bool is_packed = run.compression != btrfs::Compression::none;
    transaction.add_incompat(incompat_of(run.compression));
    Bytes sectors = batch.stored_of(run);
    Bytes csums = run.has_csums ? batch.csums_of(run, geometry) : Bytes();
    for (u64 file_offset = run.file_offset; !sectors.empty();) {
        BTRKIT_TRY_ASSIGN(const auto range, store_data(transaction, sectors, csums, is_packed));
        const u64 plain_bytes = is_packed ? run.plain_bytes : range.length();
        const Chunk* chunk = transaction.chunks().find({range.start});
        BTRKIT_TRY(items_->add_piece({.at = {range.start},
                                      .stored_bytes = range.length(),
                                      .file_offset = file_offset,
                                      .plain_bytes = plain_bytes,
                                      .compression = run.compression,
                                      .begins_group = chunk != nullptr && chunk->start.bytenr == range.start}));
        bear_extents();
        nbytes_ += plain_bytes;
        file_offset += plain_bytes;
        stored_end_ = file_offset;
        sectors = sectors.subspan(range.length());
        csums = csums.subspan(run.has_csums ? range.length() / geometry.sectorsize * geometry.csum_size_bytes : 0);
    }
    return {};
}

/// An extent is known as soon as an item refers to it: until then it may still grow.
void FileDataWriter::bear_extents() {
    for (const auto& extent : extents_) {
        inodes_->transaction().bear_data(extent.tree, range_from(extent.at.bytenr, extent.length));
    }
    extents_.clear();
}

Result<void> FileDataWriter::add_hole(u64 offset, u64 length) {
    BTRKIT_TRY(items_->add_hole(offset, length));
    bear_extents();
    return {};
}

Result<u64> FileDataWriter::end() {
    BTRKIT_TRY(items_->flush());
    bear_extents();
    items_.reset();
    return nbytes_;
}

Result<void> FileDataWriter::finish(u64 size) {
    BTRKIT_TRY(end());
    return inodes_->change(file_, [&](btrfs::InodeItem& item) {
        item.size = size;
        item.nbytes = nbytes_;
    });
}

} // namespace btrkit
