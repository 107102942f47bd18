// SPDX-License-Identifier: MIT
#include "libfs/edit/data_packer.h"

#include "libfs/edit/csum_writer.h"

namespace btrkit {

void DataPacker::pack(DataBatch& batch) {
    batch.is_packed = compresses();
    const auto lease =
        compresses() && depth_ == DataDepth::contents
            ? compressors_.lease([&] { return std::make_unique<Compressor>(method_, geometry_->sectorsize); })
            : Pool<Compressor>::Lease();
    batch.packed.reserve(lease ? batch.plain_bytes : 0);
    for (std::size_t i = 0; i < batch.pieces.size(); ++i) {
        if (batch.pieces[i].is_inline) {
            pack_inline(batch, batch.pieces[i], lease.get());
        } else {
            pack_piece(batch, i, lease.get());
        }
    }
    compute_checksums(batch);
}

void DataPacker::pack_inline(const DataBatch& batch, DataPiece& piece, Compressor* compressor) const {
    piece.inline_data.resize(piece.length);
    if (depth_ == DataDepth::sizes) {
        return;
    }
    const Bytes plain = Bytes(batch.plain).subspan(piece.plain_offset, piece.length);
    const auto packed =
        compressor != nullptr && piece.may_compress ? compressor->compress(plain, plain.size() - 1) : std::nullopt;
    const Bytes stored = packed.value_or(plain);
    piece.inline_data.assign(stored.begin(), stored.end());
    piece.inline_compression = packed ? method_.algorithm : btrfs::Compression::none;
}

void DataPacker::pack_piece(DataBatch& batch, std::size_t index, Compressor* compressor) const {
    const DataPiece& piece = batch.pieces[index];
    const u32 sectorsize = geometry_->sectorsize;
    const u64 sectors_bytes = round_up(piece.length, sectorsize);
    if (!compresses()) {
        batch.runs.push_back({.piece = index,
                              .offset = piece.plain_offset,
                              .stored_bytes = sectors_bytes,
                              .plain_bytes = sectors_bytes,
                              .file_offset = piece.file_offset,
                              .has_csums = piece.has_csums});
        return;
    }
    for (u64 done = 0; done < piece.length; done += max_compressed_extent_bytes) {
        const u64 plain_bytes = std::min<u64>(piece.length - done, max_compressed_extent_bytes);
        DataRun run = {.piece = index,
                       .stored_bytes = round_up(plain_bytes, sectorsize),
                       .plain_bytes = round_up(plain_bytes, sectorsize),
                       .file_offset = piece.file_offset + done,
                       .has_csums = piece.has_csums};
        if (depth_ == DataDepth::sizes) {
            run.compression = method_.algorithm;
            store(batch, run, {});
            continue;
        }
        const Bytes plain = Bytes(batch.plain).subspan(piece.plain_offset + done, plain_bytes);
        // It pays from one sector on.
        const u64 limit = run.stored_bytes - sectorsize;
        const auto packed = limit > 0 && piece.may_compress ? compressor->compress(plain, limit) : std::nullopt;
        if (packed) {
            run.stored_bytes = round_up(packed->size(), sectorsize);
            run.compression = method_.algorithm;
        }
        store(batch, run, packed.value_or(plain));
    }
}

/// Appends to what is stored, up to the end of the sector.
void DataPacker::store(DataBatch& batch, DataRun run, Bytes bytes) const {
    run.offset = batch.packed.size();
    batch.packed.insert(batch.packed.end(), bytes.begin(), bytes.end());
    batch.packed.resize(run.offset + (depth_ == DataDepth::contents ? run.stored_bytes : 0));
    batch.runs.push_back(run);
}

void DataPacker::compute_checksums(DataBatch& batch) const {
    const u32 sectorsize = geometry_->sectorsize;
    const u32 csum_size = geometry_->csum_size_bytes;
    for (auto& run : batch.runs) {
        if (!run.has_csums) {
            continue;
        }
        run.csums_offset = batch.csums.size();
        batch.csums.resize(batch.csums.size() + run.stored_bytes / sectorsize * csum_size);
        if (depth_ == DataDepth::sizes) {
            continue;
        }
        put_checksums(*geometry_, batch.stored().subspan(run.offset, run.stored_bytes),
                      MutableBytes(batch.csums).subspan(run.csums_offset));
    }
}

} // namespace btrkit
