// SPDX-License-Identifier: MIT
#include "libfs/ops/source/batch_maker.h"

#include <sys/stat.h>

namespace btrkit::source {

std::unique_ptr<Batch> BatchMaker::next() {
    auto batch = std::make_unique<Batch>();
    while (inode_ < inodes_.size()) {
        if (!is_begun_) {
            if (batch->steps.size() >= batch_steps) {
                break;
            }
            begin_inode(*batch);
        }
        if (!add_data(*batch)) {
            break;
        }
        end_inode();
    }
    return batch->steps.empty() ? nullptr : std::move(batch);
}

void BatchMaker::begin_inode(Batch& batch) {
    const u32 source_inode = inodes_[inode_];
    const SourceInode& inode = tree_->inodes[source_inode];
    ranges_ = S_ISREG(inode.mode) ? sector_ranges(inode, geometry_->sectorsize) : std::vector<DataRange>{};
    range_ = 0;
    done_until_ = 0;
    is_begun_ = true;
    Step step = {.source_inode = source_inode, .begins_inode = true};
    is_inline_ = !ranges_.empty() && inode.size <= max_inline_bytes;
    if (S_ISLNK(inode.mode)) {
        step.nbytes = inode.link_target.size();
    } else if (is_inline_) {
        step.nbytes = inode.size;
        step.piece = add_piece(batch, inode.size, true);
        range_ = ranges_.size();
    }
    for (std::size_t i = range_; i < ranges_.size(); ++i) {
        step.nbytes += ranges_[i].length;
    }
    batch.steps.push_back(step);
}

/// The begun inode's next bytes; returns which of the batch's pieces they are. The kernel compresses nothing that has
/// no checksums, and nothing that says so (chattr +m).
std::size_t BatchMaker::add_piece(Batch& batch, u64 length, bool is_inline) {
    const u32 source_inode = inodes_[inode_];
    const u64 flags = tree_->inodes[source_inode].flags;
    batch.data.pieces.push_back({.plain_offset = batch.data.plain_bytes,
                                 .file_offset = done_until_,
                                 .length = length,
                                 .is_inline = is_inline,
                                 .may_compress = (flags & (btrfs::inode_nodatasum | btrfs::inode_nocompress)) == 0,
                                 .has_csums = (flags & btrfs::inode_nodatasum) == 0});
    batch.piece_sources.push_back(source_inode);
    batch.data.plain_bytes += round_up(length, geometry_->sectorsize);
    batch.source_bytes += length;
    return batch.data.pieces.size() - 1;
}

/// How much of what is left of a range this batch takes; 0: none.
u64 BatchMaker::piece_length(const Batch& batch, u64 left) const {
    const u64 room = batch_bytes > batch.data.plain_bytes ? batch_bytes - batch.data.plain_bytes : 0;
    if (left <= room || !compresses_) {
        return std::min(left, room);
    }
    return round_down(room, max_compressed_extent_bytes);
}

/// False where the batch is full before the inode ends.
bool BatchMaker::add_data(Batch& batch) {
    const u32 source_inode = inodes_[inode_];
    const SourceInode& inode = tree_->inodes[source_inode];
    const auto add_hole = [&](u64 end) {
        if (end > done_until_) {
            batch.steps.push_back(
                {.source_inode = source_inode, .hole_offset = done_until_, .hole_length = end - done_until_});
            done_until_ = end;
        }
    };
    for (; range_ < ranges_.size(); ++range_) {
        const DataRange& range = ranges_[range_];
        add_hole(range.offset);
        while (done_until_ < range.offset + range.length) {
            const u64 length = piece_length(batch, range.offset + range.length - done_until_);
            if (length == 0) {
                return false;
            }
            const u64 file_bytes = std::min(length, inode.size - done_until_);
            batch.steps.push_back({.source_inode = source_inode, .piece = add_piece(batch, file_bytes, false)});
            done_until_ += length;
        }
    }
    if (S_ISREG(inode.mode) && !is_inline_) {
        add_hole(round_up(inode.size, geometry_->sectorsize));
    }
    return true;
}

void BatchMaker::end_inode() {
    is_begun_ = false;
    ++inode_;
}

Result<void> read_batch(const SourceTree& tree, Batch& batch) {
    batch.data.plain.resize(batch.data.plain_bytes);
    for (std::size_t i = 0; i < batch.data.pieces.size(); ++i) {
        const DataPiece& piece = batch.data.pieces[i];
        const auto out = MutableBytes(batch.data.plain).subspan(piece.plain_offset, piece.length);
        const u32 content = tree.inodes[batch.piece_sources[i]].content;
        BTRKIT_TRY(tree.content->read(content, piece.file_offset, out));
    }
    return {};
}

} // namespace btrkit::source
