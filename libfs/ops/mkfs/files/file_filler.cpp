// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/file_filler.h"

#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"
#include "libfs/base/ordered_pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::mkfs {

Result<FilledTree> FileFiller::fill(const PlannedTree& planned, CsumWriter& csums, std::vector<DataExtent>& extents) {
    const Parameters& parameters = context_.parameters;
    const TreeIdentity identity = {
        .tree = planned.id, .generation = first_generation, .chunk_tree_uuid = parameters.chunk_tree_uuid};
    TreeBuilder tree(parameters.geometry, identity, context_.metadata);
    Items items = {.tree = tree,
                   .inodes = InodeItems(context_.plan, parameters.geometry),
                   .data = FileItemWriter(tree, parameters.geometry, planned.id, first_generation, extents)};
    BatchMaker maker(parameters.geometry, parameters.compression, context_.plan.source(), planned.inodes);
    Result<void> status;
    run_ordered(
        context_.run.parallelism, [&] { return context_.run.stop.stop_requested() ? nullptr : maker.next(); },
        [&](Batch& batch) { work(batch); },
        [&](Batch& batch) {
            status = settle(batch, items, csums);
            context_.run.progress.advance(batch.source_bytes);
            return status.has_value();
        });
    if (status && context_.run.stop.stop_requested()) {
        status = fail(ErrorKind::cancelled, "interrupted");
    }
    BTRKIT_TRY(status);
    BTRKIT_TRY(items.data.flush());
    BTRKIT_TRY_ASSIGN(const auto built, tree.finish());
    return FilledTree{.plan = &planned, .built = built, .data_bytes = items.data.data_bytes()};
}

/// What is done to a batch by itself, in any order and on any thread.
void FileFiller::work(Batch& batch) {
    if (context_.depth == DataDepth::contents) {
        batch.status = read_batch(context_.plan.source(), batch);
    }
    if (batch.status) {
        packer_.pack(batch.data);
    }
}

Result<void> FileFiller::settle(Batch& batch, Items& items, CsumWriter& csums) {
    if (!batch.status) {
        return batch.status;
    }
    for (const auto& run : batch.data.runs) {
        BTRKIT_TRY(place_run(batch, run));
    }
    BTRKIT_TRY(write(batch));
    return finish(batch, items, csums);
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
            .stored = {.at = {taken->start},
                       .stored_bytes = taken->length(),
                       .file_offset = run.file_offset + done,
                       .plain_bytes = in_one_piece ? run.plain_bytes : taken->length(),
                       .compression = run.compression,
                       .begins_group = context_.data.is_group_start({taken->start})},
            .piece = run.piece,
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
        while (behind < batch.placed.size() && batch.placed[behind].stored.at == run.stored.at + length &&
               batch.placed[behind].offset == run.offset + length) {
            length += batch.placed[behind].stored.stored_bytes;
            ++behind;
        }
        BTRKIT_TRY(context_.writer->write(run.stored.at, batch.data.stored().subspan(run.offset, length)));
        first = behind;
    }
    return {};
}

/// Whole sectors are shared; what a file has behind its last one is written. The host shares blocks of a nodatacow file
/// only with another such, which the image is not as a rule: then they are copied.
Result<void> FileFiller::share(const Batch& batch, const PlacedRun& run) const {
    const SourceTree& source = context_.plan.source();
    const SourceInode& inode = source.inodes[batch.piece_sources[run.piece]];
    const u64 in_file = std::min(run.stored.stored_bytes, inode.size - run.stored.file_offset);
    const u64 shared = round_down(in_file, context_.parameters.geometry.sectorsize);
    auto done = source.content->with_file(inode.content, [&](int fd) {
        return context_.writer->clone(run.stored.at, fd, run.stored.file_offset, shared);
    });
    const bool is_refused = !done && done.error().kind == ErrorKind::unsupported;
    if (!done && !(is_refused && (inode.flags & btrfs::inode_nodatacow) != 0)) {
        return fail(done.error().kind, fmt::format("{}, with {} of the source{}", done.error().message,
                                                   printable(path_of(source, batch.piece_sources[run.piece])),
                                                   is_refused ? " (without --reflink it is copied)" : ""));
    }
    const u64 written = done ? shared : 0;
    return context_.writer->write(run.stored.at + written,
                                  batch.data.stored().subspan(run.offset + written, run.stored.stored_bytes - written));
}

Result<void> FileFiller::finish(const Batch& batch, Items& items, CsumWriter& csums) const {
    std::size_t next = 0;
    for (const Step& step : batch.steps) {
        if (step.begins_inode) {
            BTRKIT_TRY(begin_inode(step, items));
        }
        if (step.hole_length > 0) {
            BTRKIT_TRY(items.data.add_hole(step.hole_offset, step.hole_length));
        }
        if (!step.piece) {
            continue;
        }
        if (const DataPiece& piece = batch.data.pieces[*step.piece]; piece.is_inline) {
            BTRKIT_TRY(items.data.add_inline(piece.inline_data, piece.length, piece.inline_compression));
        }
        for (; next < batch.placed.size() && batch.placed[next].piece == *step.piece; ++next) {
            const PlacedRun& run = batch.placed[next];
            BTRKIT_TRY(items.data.add_piece(run.stored));
            BTRKIT_TRY(csums.add(run.stored.at, Bytes(batch.data.csums).subspan(run.csums_offset, run.csums_length)));
        }
    }
    return {};
}

/// A symlink's data is its target.
Result<void> FileFiller::begin_inode(const Step& step, Items& items) const {
    const SourceInode& inode = context_.plan.source().inodes[step.source_inode];
    BTRKIT_TRY(items.data.begin_inode(context_.plan.inode_number(step.source_inode)));
    BTRKIT_TRY(items.inodes.add(items.tree, step.source_inode, step.nbytes));
    return S_ISLNK(inode.mode) ? items.data.add_inline(std::as_bytes(std::span(inode.link_target)),
                                                       inode.link_target.size(), btrfs::Compression::none)
                               : Result<void>{};
}

} // namespace btrkit::mkfs
