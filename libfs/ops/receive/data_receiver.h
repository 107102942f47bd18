// SPDX-License-Identifier: MIT
// The data of files in one subvolume, from commands (internal to libfs/ops/receive).
//
// A new file that is written from its front to its end, as streams do it, is written in one go, in extents as large as
// they can be. Whatever else is done to data goes through FileDataEditor, command by command.
#pragma once

#include "libfs/edit/file_data_editor.h"
#include "libfs/edit/file_data_writer.h"
#include "libfs/ops/receive/command_batch.h"

namespace btrkit::receive {

class DataReceiver {
public:
    /// inodes must outlive it. method: how data is compressed where files say nothing else.
    DataReceiver(InodeEditor& inodes, CompressionMethod method)
        : inodes_(&inodes), editor_(inodes), writer_(inodes), method_(method) {}

    /// Of a file whose inode is not in the tree yet. False: it can't be appended to what the file has by now.
    Result<bool> append_new(const PlaceInTree& file, CompressionMethod method, const CommandBatch& batch,
                            const Step& step);
    /// Where such a file ends by now.
    u64 new_size() const { return open_ ? open_->size : 0; }
    struct Sizes {
        u64 size = 0;
        u64 nbytes = 0;
    };
    /// No more comes, and what the inode is to say of it.
    Result<Sizes> end_new();

    Result<void> write(const PlaceInTree& file, const DataBatch& batch, std::size_t index);
    Result<void> write_encoded(const PlaceInTree& file, const DataBatch& batch, std::size_t index,
                               const EncodedExtent& extent);
    Result<void> truncate(const PlaceInTree& file, u64 size);
    /// mode: as in fallocate(2).
    Result<void> fallocate(const PlaceInTree& file, u64 mode, Range range);
    /// Shares where that is possible, and copies where only one of the files has checksums.
    Result<void> clone(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset);

    /// All that was written stands in the tree: before anything else is done to, or asked of, files.
    Result<void> close();

    FileDataEditor& editor() { return editor_; }

private:
    struct Open {
        PlaceInTree place;
        CompressionMethod method;
        u64 end = 0;            ///< of what is written, in whole sectors
        u64 size = 0;           ///< of the file
        bool is_inline = false; ///< it has inline data, and so no other
    };

    bool can_append(u64 offset) const;
    bool is_kept_whole(const EncodedExtent& extent, const DataPiece& piece) const;
    Result<bool> opens(const PlaceInTree& file, u64 offset);
    Result<CompressionMethod> method_of(const PlaceInTree& file, const Inode& inode);
    Result<void> overwrite(const PlaceInTree& file, const DataBatch& batch, std::size_t index);
    Result<void> overwrite_run(const PlaceInTree& file, const DataBatch& batch, const DataRun& run, Bytes plain);
    Result<void> store_packed(const PlaceInTree& file, const DataBatch& batch, const DataRun& run, u64 offset_in_plain,
                              u64 length);
    Result<void> append(const DataBatch& batch, std::size_t index);
    Result<void> append_repacked(const DataBatch& batch, std::size_t index);
    Result<void> copy(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset);

    InodeEditor* inodes_;
    FileDataEditor editor_;
    FileDataWriter writer_;
    CompressionMethod method_;
    std::optional<Open> open_;
};

} // namespace btrkit::receive
