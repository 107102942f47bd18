// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/data_receiver.h"

#include "libfs/edit/compression_property.h"
#include "libfs/edit/data_store.h"
#include "libfs/edit/xattr_items.h"

#include <algorithm>

#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/stat.h>

namespace btrkit::receive {

namespace {

constexpr u64 most_copied_bytes = mib;

/// One piece of a batch, in a batch of its own.
DataBatch packed_again(const Geometry& geometry, const DataBatch& batch, std::size_t index, CompressionMethod method) {
    DataPiece piece = batch.pieces[index];
    const Bytes plain = Bytes(batch.plain).subspan(piece.plain_offset, round_up(piece.length, geometry.sectorsize));
    DataBatch one;
    one.plain.assign(plain.begin(), plain.end());
    one.plain_bytes = plain.size();
    piece.plain_offset = 0;
    piece.inline_data.clear();
    one.pieces.push_back(piece);
    DataPacker(geometry, method, DataDepth::contents).pack(one);
    return one;
}

} // namespace

bool DataReceiver::can_append(u64 offset) const {
    const bool goes_on = !open_->is_inline && open_->size == open_->end && offset >= open_->end;
    return goes_on && is_aligned(offset, inodes_->transaction().geometry().sectorsize);
}

/// Whether it can be stored as it is, with nothing of it unused.
bool DataReceiver::is_kept_whole(const EncodedExtent& extent, const DataPiece& piece) const {
    const u32 sectorsize = inodes_->transaction().geometry().sectorsize;
    return extent.is_kept && extent.proof && extent.unencoded_offset == 0 &&
           round_up(piece.length, sectorsize) == round_up(extent.unencoded_bytes, sectorsize);
}

Result<bool> DataReceiver::append_new(const PlaceInTree& file, CompressionMethod method, const CommandBatch& batch,
                                      const Step& step) {
    const bool is_encoded = step.command.command() == btrfs::send::Command::encoded_write;
    const auto& data = is_encoded ? batch.encoded : batch.written;
    const auto& piece = data.pieces[*step.piece];
    if (is_encoded && !is_kept_whole(batch.extents[*step.piece], piece)) {
        return false;
    }
    if (open_ ? !can_append(piece.file_offset)
              : !is_aligned(piece.file_offset, inodes_->transaction().geometry().sectorsize)) {
        return false;
    }
    if (!open_) {
        BTRKIT_TRY(writer_.begin(file));
        open_ = {.place = file, .method = method};
    }
    BTRKIT_TRY(is_encoded || method == method_ ? append(data, *step.piece) : append_repacked(data, *step.piece));
    return true;
}

Result<DataReceiver::Sizes> DataReceiver::end_new() {
    if (!open_) {
        return Sizes{};
    }
    const u64 size = std::exchange(open_, std::nullopt)->size;
    BTRKIT_TRY_ASSIGN(const u64 nbytes, writer_.end());
    return Sizes{.size = size, .nbytes = nbytes};
}

/// Whether the file is the open one, or can be, and what is written at that offset can be appended to it.
Result<bool> DataReceiver::opens(const PlaceInTree& file, u64 offset) {
    const auto& geometry = inodes_->transaction().geometry();
    if (open_ && open_->place.tree == file.tree && open_->place.inode == file.inode && can_append(offset)) {
        return true;
    }
    BTRKIT_TRY(close());
    if (!is_aligned(offset, geometry.sectorsize)) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(file));
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(file.tree));
    BTRKIT_TRY_ASSIGN(const auto first, FileExtentItems(*tree, file.tree, geometry, file.inode).first_beyond(0));
    const bool is_fresh = S_ISREG(inode.mode) && inode.size == 0 && !first && inode.has_checksums() &&
                          (inode.flags & btrfs::inode_ro_verity) == 0;
    if (!is_fresh) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto method, method_of(file, inode));
    BTRKIT_TRY(writer_.begin(file));
    open_ = {.place = file, .method = method};
    return true;
}

Result<CompressionMethod> DataReceiver::method_of(const PlaceInTree& file, const Inode& inode) {
    std::optional<std::string> property;
    if ((inode.flags & btrfs::inode_compress) != 0) {
        BTRKIT_TRY_ASSIGN(auto* tree, inodes_->transaction().tree(file.tree));
        BTRKIT_TRY_ASSIGN(property, find_xattr(*tree, file.inode, compression_xattr));
    }
    return compression_of(inode.flags, property.value_or(""), method_);
}

/// What the last piece leaves of its last sector is zero: only the file's end can be within it.
Result<void> DataReceiver::append(const DataBatch& batch, std::size_t index) {
    const auto& piece = batch.pieces[index];
    const u64 length = round_up(piece.length, inodes_->transaction().geometry().sectorsize);
    if (piece.length == 0 || piece.file_offset > file_offset_end || piece.length > file_offset_end) {
        return fail(ErrorKind::no_space,
                    fmt::format("{} bytes at {} are nothing that a file can have", piece.length, piece.file_offset));
    }
    if (piece.file_offset > open_->end) {
        BTRKIT_TRY(writer_.add_hole(open_->end, piece.file_offset - open_->end));
    }
    if (const auto added = writer_.add_piece(batch, index); !added) {
        // Part of it may stand there: who keeps what came finds a file that is sound.
        open_->end = open_->size = std::max(open_->end, writer_.stored_end());
        return added;
    }
    open_->end = piece.file_offset + length;
    open_->size = piece.file_offset + piece.length;
    open_->is_inline = piece.is_inline;
    return {};
}

/// The file wants another compression than most.
Result<void> DataReceiver::append_repacked(const DataBatch& batch, std::size_t index) {
    return append(packed_again(inodes_->transaction().geometry(), batch, index, open_->method), 0);
}

/// A packed run as it is; fails as FileDataEditor::write_packed().
Result<void> DataReceiver::store_packed(const PlaceInTree& file, const DataBatch& batch, const DataRun& run,
                                        u64 offset_in_plain, u64 length) {
    return editor_.write_packed(file, run.file_offset,
                                {.compression = run.compression,
                                 .packed = batch.stored_of(run),
                                 .csums = batch.csums_of(run, inodes_->transaction().geometry()),
                                 .plain_bytes = run.plain_bytes,
                                 .offset_in_plain = offset_in_plain,
                                 .length = length});
}

/// In a file that holds something already.
Result<void> DataReceiver::overwrite(const PlaceInTree& file, const DataBatch& batch, std::size_t index) {
    const auto& piece = batch.pieces[index];
    const Bytes plain = Bytes(batch.plain).subspan(piece.plain_offset, piece.length);
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(file));
    BTRKIT_TRY_ASSIGN(const auto method, method_of(file, inode));
    if (method.algorithm == btrfs::Compression::none || piece.is_inline) {
        return editor_.write(file, piece.file_offset, plain);
    }
    const auto packed = packed_again(inodes_->transaction().geometry(), batch, index, method);
    for (const auto& run : packed.runs) {
        const u64 done = run.file_offset - piece.file_offset;
        BTRKIT_TRY(
            overwrite_run(file, packed, run, plain.subspan(done, std::min<u64>(run.plain_bytes, plain.size() - done))));
    }
    return {};
}

/// plain: what the run holds, as far as the file goes.
Result<void> DataReceiver::overwrite_run(const PlaceInTree& file, const DataBatch& batch, const DataRun& run,
                                         Bytes plain) {
    if (run.compression != btrfs::Compression::none) {
        const auto stored = store_packed(file, batch, run, 0, plain.size());
        if (stored || stored.error().kind != ErrorKind::usage) {
            return stored;
        }
    }
    return editor_.write(file, run.file_offset, plain);
}

Result<void> DataReceiver::write(const PlaceInTree& file, const DataBatch& batch, std::size_t index) {
    const auto& piece = batch.pieces[index];
    BTRKIT_TRY_ASSIGN(const bool is_appended, opens(file, piece.file_offset));
    if (is_appended) {
        return open_->method == method_ ? append(batch, index) : append_repacked(batch, index);
    }
    return overwrite(file, batch, index);
}

Result<void> DataReceiver::write_encoded(const PlaceInTree& file, const DataBatch& batch, std::size_t index,
                                         const EncodedExtent& extent) {
    const auto& piece = batch.pieces[index];
    if (!extent.proof) {
        return fail(ErrorKind::damaged, "what is packed does not unpack: " + extent.proof.error().message);
    }
    if (!extent.is_kept) {
        BTRKIT_TRY(close());
        return editor_.write(file, piece.file_offset, extent.plain);
    }
    BTRKIT_TRY_ASSIGN(const bool is_appended,
                      is_kept_whole(extent, piece) ? opens(file, piece.file_offset) : Result<bool>(false));
    if (is_appended) {
        return append(batch, index);
    }
    BTRKIT_TRY(close());
    const auto& run = *std::ranges::lower_bound(batch.runs, index, {}, &DataRun::piece);
    const auto stored = store_packed(file, batch, run, extent.unencoded_offset, piece.length);
    if (stored || stored.error().kind != ErrorKind::usage) {
        return stored;
    }
    std::vector<std::byte> plain(extent.unencoded_bytes);
    BTRKIT_TRY(Decompressor(inodes_->transaction().geometry().sectorsize)
                   .decompress(extent.compression, batch.stored().subspan(run.offset, extent.packed_bytes), plain));
    return editor_.write(file, piece.file_offset, Bytes(plain).subspan(extent.unencoded_offset, piece.length));
}

Result<void> DataReceiver::truncate(const PlaceInTree& file, u64 size) {
    BTRKIT_TRY(close());
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(file));
    return S_ISREG(inode.mode) && inode.size == size ? Result<void>() : editor_.resize(file, size);
}

Result<void> DataReceiver::fallocate(const PlaceInTree& file, u64 mode, Range range) {
    BTRKIT_TRY(close());
    const bool keeps_size = (mode & FALLOC_FL_KEEP_SIZE) != 0;
    switch (mode & ~u64{FALLOC_FL_KEEP_SIZE}) {
    case FALLOC_FL_PUNCH_HOLE:
        if (keeps_size) {
            return editor_.punch(file, range);
        }
        break;
    case FALLOC_FL_ZERO_RANGE:
        BTRKIT_TRY(editor_.punch(file, range));
        return editor_.preallocate(file, range, keeps_size);
    case 0: return editor_.preallocate(file, range, keeps_size);
    default: break;
    }
    return fail(ErrorKind::unsupported, fmt::format("fallocate with mode {}", mode));
}

Result<void> DataReceiver::clone(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset) {
    BTRKIT_TRY(close());
    BTRKIT_TRY_ASSIGN(const auto source, inodes_->get(from));
    BTRKIT_TRY_ASSIGN(const auto target, inodes_->get(to));
    if (range.end > source.size) {
        return fail(ErrorKind::refused, fmt::format("bytes {} to {} of a file are wanted that has {}", range.start,
                                                    range.end, source.size));
    }
    return source.has_checksums() == target.has_checksums() ? editor_.clone(from, range, to, offset)
                                                            : copy(from, range, to, offset);
}

Result<void> DataReceiver::copy(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset) {
    for (u64 done = 0; done < range.length(); done += most_copied_bytes) {
        std::vector<std::byte> bytes(std::min(range.length() - done, most_copied_bytes));
        BTRKIT_TRY(editor_.read(from, range.start + done, bytes));
        BTRKIT_TRY(editor_.write(to, offset + done, bytes));
        BTRKIT_TRY(inodes_->transaction().relieve());
    }
    return {};
}

Result<void> DataReceiver::close() {
    if (!open_) {
        return {};
    }
    const auto open = *std::exchange(open_, std::nullopt);
    return writer_.finish(open.size);
}

} // namespace btrkit::receive
