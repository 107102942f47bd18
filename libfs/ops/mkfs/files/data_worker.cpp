// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/data_worker.h"

#include "libfs/base/checksum.h"

#include <cstring>

namespace btrkit::mkfs {

void DataWorker::work(Batch& batch) {
    batch.is_packed = compresses();
    if (depth_ == DataDepth::contents) {
        batch.status = read(batch);
        if (!batch.status) {
            return;
        }
    }
    pack(batch);
    compute_checksums(batch);
}

/// The kernel compresses nothing that has no checksums, and nothing that says so (chattr +m).
bool DataWorker::may_compress(const Step& step) const {
    const u64 flags = source_->inodes[step.source_inode].flags;
    return (flags & (btrfs::inode_nodatasum | btrfs::inode_nocompress)) == 0;
}

Result<void> DataWorker::read(Batch& batch) const {
    batch.plain.resize(batch.plain_bytes);
    for (const auto& step : batch.steps) {
        if (step.is_hole || step.length == 0) {
            continue;
        }
        const auto out = MutableBytes(batch.plain).subspan(step.plain_offset, step.length);
        BTRKIT_TRY(source_->content->read(source_->inodes[step.source_inode].content, step.file_offset, out));
    }
    return {};
}

void DataWorker::pack(Batch& batch) {
    const auto lease = compresses() && depth_ == DataDepth::contents ? compressors_.lease([&] {
        return std::make_unique<Compressor>(parameters_->compression, parameters_->geometry.sectorsize);
    })
                                                                     : Pool<Compressor>::Lease();
    batch.packed.reserve(lease ? batch.plain_bytes : 0);
    for (std::size_t i = 0; i < batch.steps.size(); ++i) {
        Step& step = batch.steps[i];
        if (step.is_inline) {
            pack_inline(batch, step, lease.get());
        } else if (!step.is_hole && step.length > 0) {
            pack_step(batch, i, lease.get());
        }
    }
}

void DataWorker::pack_inline(Batch& batch, Step& step, Compressor* compressor) const {
    step.inline_data.resize(step.length);
    if (depth_ == DataDepth::sizes) {
        return;
    }
    const Bytes plain = Bytes(batch.plain).subspan(step.plain_offset, step.length);
    const auto packed =
        compressor != nullptr && may_compress(step) ? compressor->compress(plain, plain.size() - 1) : std::nullopt;
    const Bytes stored = packed.value_or(plain);
    step.inline_data.assign(stored.begin(), stored.end());
    step.inline_compression = packed ? parameters_->compression.algorithm : btrfs::Compression::none;
}

void DataWorker::pack_step(Batch& batch, std::size_t index, Compressor* compressor) const {
    const Step& step = batch.steps[index];
    const u32 sectorsize = parameters_->geometry.sectorsize;
    const bool has_csums = (source_->inodes[step.source_inode].flags & btrfs::inode_nodatasum) == 0;
    const u64 sectors_bytes = round_up(step.length, sectorsize);
    if (!compresses()) {
        batch.runs.push_back({.step = index,
                              .offset = step.plain_offset,
                              .stored_bytes = sectors_bytes,
                              .plain_bytes = sectors_bytes,
                              .file_offset = step.file_offset,
                              .has_csums = has_csums});
        return;
    }
    for (u64 done = 0; done < step.length; done += max_compressed_extent_bytes) {
        const u64 plain_bytes = std::min<u64>(step.length - done, max_compressed_extent_bytes);
        DataRun run = {.step = index,
                       .stored_bytes = round_up(plain_bytes, sectorsize),
                       .plain_bytes = round_up(plain_bytes, sectorsize),
                       .file_offset = step.file_offset + done,
                       .has_csums = has_csums};
        if (depth_ == DataDepth::sizes) {
            run.compression = parameters_->compression.algorithm;
            store(batch, run, {});
            continue;
        }
        const Bytes plain = Bytes(batch.plain).subspan(step.plain_offset + done, plain_bytes);
        // It pays from one sector on.
        const u64 limit = run.stored_bytes - sectorsize;
        const auto packed = limit > 0 && may_compress(step) ? compressor->compress(plain, limit) : std::nullopt;
        if (packed) {
            run.stored_bytes = round_up(packed->size(), sectorsize);
            run.compression = parameters_->compression.algorithm;
        }
        store(batch, run, packed.value_or(plain));
    }
}

/// Appends to what is stored, up to the end of the sector.
void DataWorker::store(Batch& batch, DataRun run, Bytes bytes) const {
    run.offset = batch.packed.size();
    batch.packed.insert(batch.packed.end(), bytes.begin(), bytes.end());
    batch.packed.resize(run.offset + (depth_ == DataDepth::contents ? run.stored_bytes : 0));
    batch.runs.push_back(run);
}

void DataWorker::compute_checksums(Batch& batch) const {
    const u32 sectorsize = parameters_->geometry.sectorsize;
    const u32 csum_size = parameters_->geometry.csum_size_bytes;
    for (auto& run : batch.runs) {
        if (!run.has_csums) {
            continue;
        }
        run.csums_offset = batch.csums.size();
        batch.csums.resize(batch.csums.size() + run.stored_bytes / sectorsize * csum_size);
        if (depth_ == DataDepth::sizes) {
            continue;
        }
        std::byte* out = batch.csums.data() + run.csums_offset;
        for (u64 done = 0; done < run.stored_bytes; done += sectorsize, out += csum_size) {
            const auto csum =
                checksum(parameters_->geometry.csum_type, batch.stored().subspan(run.offset + done, sectorsize));
            std::memcpy(out, csum.data(), csum_size);
        }
    }
}

} // namespace btrkit::mkfs
