// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/file_filler.h"

#include "libfs/base/ordered_pipeline.h"

namespace btrkit::mkfs {

namespace {

Result<void> finish_step(const Step& step, FileTreeWriter& tree) {
    if (step.begins_inode) {
        BTRKIT_TRY(tree.begin_inode(step.source_inode, step.nbytes));
    }
    if (step.is_inline) {
        return tree.add_inline(step.inline_data, step.length, step.inline_compression);
    }
    return step.is_hole ? tree.add_hole(step.file_offset, step.length) : Result<void>{};
}

} // namespace

Result<FilledTree> FileFiller::fill(const PlannedTree& planned, CsumWriter& csums, std::vector<DataExtent>& extents) {
    const Parameters& parameters = context_.parameters;
    const TreeIdentity identity = {
        .tree = planned.id, .generation = first_generation, .chunk_tree_uuid = parameters.chunk_tree_uuid};
    FileTreeWriter tree(context_.plan, parameters.geometry, identity, context_.metadata, extents);
    BatchMaker maker(parameters, context_.plan, planned);
    Result<void> status;
    run_ordered(
        context_.parallelism, [&] { return context_.watch.is_stopped() ? nullptr : maker.next(); },
        [&](Batch& batch) { worker_.work(batch); },
        [&](Batch& batch) {
            status = settle(batch, tree, csums);
            context_.watch.advance(batch.source_bytes);
            return status.has_value();
        });
    if (status && context_.watch.is_stopped()) {
        status = fail(ErrorKind::io, "interrupted");
    }
    if (!status) {
        return std::unexpected(status.error());
    }
    BTRKIT_TRY_ASSIGN(const auto finished, tree.finish());
    return FilledTree{.plan = &planned, .built = finished.tree, .data_bytes = finished.data_bytes};
}

Result<void> FileFiller::settle(Batch& batch, FileTreeWriter& tree, CsumWriter& csums) {
    if (!batch.status) {
        return batch.status;
    }
    for (const auto& run : batch.runs) {
        BTRKIT_TRY(place_run(batch, run));
    }
    BTRKIT_TRY(write(batch));
    return finish(batch, tree, csums);
}

Result<void> FileFiller::place_run(Batch& batch, const DataRun& run) {
    const auto& geometry = context_.parameters.geometry;
    const bool in_one_piece = run.compression != btrfs::Compression::none;
    for (u64 done = 0; done < run.stored_bytes;) {
        std::optional<Range> taken;
        if (in_one_piece) {
            if (const auto at = context_.data.take(run.stored_bytes)) {
                taken = range_from(at->bytenr, run.stored_bytes);
            }
        } else {
            taken = context_.data.take_up_to(run.stored_bytes - done);
        }
        if (!taken) {
            return fail(ErrorKind::no_space, "no space left for data");
        }
        const u64 csum_bytes = geometry.csum_size_bytes;
        batch.placed.push_back({
            .piece = {.at = {taken->start},
                      .stored_bytes = taken->length(),
                      .file_offset = run.file_offset + done,
                      .plain_bytes = in_one_piece ? run.plain_bytes : taken->length(),
                      .compression = run.compression,
                      .begins_group = context_.data.is_group_start({taken->start})},
            .step = run.step,
            .offset = run.offset + done,
            .csums_offset = run.csums_offset + done / geometry.sectorsize * csum_bytes,
            .csums_length = run.has_csums ? taken->length() / geometry.sectorsize * csum_bytes : 0,
        });
        done += taken->length();
    }
    return {};
}

/// What lies side by side in the batch and on disk is written at once. One batch after the other: the host lets only
/// one thread at a time write to a file, and the others have better to do than to wait for it.
Result<void> FileFiller::write(const Batch& batch) const {
    if (context_.writer == nullptr) {
        return {};
    }
    for (std::size_t first = 0; first < batch.placed.size();) {
        const PlacedRun& run = batch.placed[first];
        if (context_.share_blocks) {
            BTRKIT_TRY(share(batch, run));
            ++first;
            continue;
        }
        u64 length = 0;
        std::size_t behind = first;
        while (behind < batch.placed.size() && batch.placed[behind].piece.at == run.piece.at + length &&
               batch.placed[behind].offset == run.offset + length) {
            length += batch.placed[behind].piece.stored_bytes;
            ++behind;
        }
        BTRKIT_TRY(context_.writer->write(run.piece.at, batch.stored().subspan(run.offset, length)));
        first = behind;
    }
    return {};
}

/// Whole sectors are shared; what a file has behind its last one is written.
Result<void> FileFiller::share(const Batch& batch, const PlacedRun& run) const {
    const SourceTree& source = context_.plan.source();
    const SourceInode& inode = source.inodes[batch.steps[run.step].source_inode];
    const u64 in_file = std::min(run.piece.stored_bytes, inode.size - run.piece.file_offset);
    const u64 shared = round_down(in_file, context_.parameters.geometry.sectorsize);
    auto done = source.content->with_file(
        inode.content, [&](int fd) { return context_.writer->clone(run.piece.at, fd, run.piece.file_offset, shared); });
    return done ? context_.writer->write(run.piece.at + shared,
                                         batch.stored().subspan(run.offset + shared, run.piece.stored_bytes - shared))
                : done;
}

Result<void> FileFiller::finish(const Batch& batch, FileTreeWriter& tree, CsumWriter& csums) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < batch.steps.size(); ++i) {
        BTRKIT_TRY(finish_step(batch.steps[i], tree));
        for (; next < batch.placed.size() && batch.placed[next].step == i; ++next) {
            const PlacedRun& run = batch.placed[next];
            BTRKIT_TRY(tree.add_piece(run.piece));
            const Bytes sums = Bytes(batch.csums).subspan(run.csums_offset, run.csums_length);
            BTRKIT_TRY(csums.add(run.piece.at, sums));
        }
    }
    return {};
}

} // namespace btrkit::mkfs
