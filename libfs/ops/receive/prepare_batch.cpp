// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/prepare_batch.h"

#include "libfs/edit/csum_writer.h"

namespace btrkit::receive {

namespace {

/// The stored bytes of an extent, without the rest of their last sector.
Bytes packed_of(const CommandBatch& batch, std::size_t index) {
    return Bytes(batch.encoded.plain)
        .subspan(batch.encoded.pieces[index].plain_offset, batch.extents[index].packed_bytes);
}

} // namespace

void BatchPreparer::prepare(CommandBatch& batch) {
    packer_.pack(batch.written);
    for (std::size_t i = 0; i < batch.extents.size(); ++i) {
        prove(batch, i);
        if (batch.extents[i].is_kept) {
            make_run(batch, i);
        }
    }
}

/// LZO comes in segments of its sender's sectors, which may be others than ours.
Result<void> BatchPreparer::unpack(const EncodedExtent& extent, Bytes packed, MutableBytes plain) {
    const u32 sectorsize = geometry_->sectorsize;
    if (extent.lzo_sectorsize != 0 && extent.lzo_sectorsize != sectorsize) {
        return Decompressor(extent.lzo_sectorsize).decompress(extent.compression, packed, plain);
    }
    const auto decompressor = decompressors_.lease([&] { return std::make_unique<Decompressor>(sectorsize); });
    return decompressor->decompress(extent.compression, packed, plain);
}

void BatchPreparer::prove(CommandBatch& batch, std::size_t index) {
    auto& extent = batch.extents[index];
    const Bytes packed = packed_of(batch, index);
    std::vector<std::byte> plain(extent.unencoded_bytes);
    if (extent.compression == btrfs::Compression::none) {
        std::ranges::copy(packed.first(std::min(packed.size(), plain.size())), plain.begin());
    } else {
        extent.proof = unpack(extent, packed, plain);
    }
    if (!extent.is_kept) {
        const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(extent.unencoded_offset);
        extent.plain.assign(begin, begin + static_cast<std::ptrdiff_t>(batch.encoded.pieces[index].length));
    }
}

void BatchPreparer::make_run(CommandBatch& batch, std::size_t index) const {
    auto& piece = batch.encoded.pieces[index];
    const auto& extent = batch.extents[index];
    if (piece.is_inline) {
        const Bytes packed = packed_of(batch, index);
        piece.inline_data.assign(packed.begin(), packed.end());
        piece.inline_compression = extent.compression;
    }
    const u32 sectorsize = geometry_->sectorsize;
    const DataRun run = {.piece = index,
                         .offset = piece.plain_offset,
                         .stored_bytes = round_up(extent.packed_bytes, sectorsize),
                         .plain_bytes = round_up(extent.unencoded_bytes, sectorsize),
                         .file_offset = piece.file_offset,
                         .compression = extent.compression,
                         .csums_offset = batch.encoded.csums.size()};
    batch.encoded.csums.resize(run.csums_offset + run.stored_bytes / sectorsize * geometry_->csum_size_bytes);
    put_checksums(*geometry_, Bytes(batch.encoded.plain).subspan(run.offset, run.stored_bytes),
                  MutableBytes(batch.encoded.csums).subspan(run.csums_offset));
    batch.encoded.runs.push_back(run);
}

} // namespace btrkit::receive
