// SPDX-License-Identifier: MIT
// What new files hold, from a DataPacker's batches, one file after the other: streams of any length in the memory of a
// batch.
#pragma once

#include "libfs/edit/data_packer.h"
#include "libfs/edit/file_item_writer.h"
#include "libfs/edit/inode_editor.h"

namespace btrkit {

class FileDataWriter {
public:
    /// inodes must outlive it.
    explicit FileDataWriter(InodeEditor& inodes) : inodes_(&inodes) {}

    /// A regular file that has no data; its inode may come later. What follows is its data and its holes, in ascending
    /// order, up to finish().
    Result<void> begin(const PlaceInTree& file);
    /// All runs of a piece of the batch, or its inline data. Fails with no_space.
    Result<void> add_piece(const DataBatch& batch, std::size_t index);
    /// In whole sectors.
    Result<void> add_hole(u64 offset, u64 length);
    /// Up to where in the file data stands by now: where add_piece() has failed, what it has stored before.
    u64 stored_end() const { return stored_end_; }
    /// Behind the last of it. Returns what the data adds to the inode's nbytes, for who puts the inode then.
    Result<u64> end();
    /// end(), and the inode, which is in the tree, has that size; its times stay as they are.
    Result<void> finish(u64 size);

private:
    Result<void> add_run(const DataBatch& batch, const DataRun& run);
    void bear_extents();

    InodeEditor* inodes_;
    PlaceInTree file_;
    std::vector<DataExtent> extents_; ///< that the items have come to refer to and the transaction does not know yet
    std::optional<FileItemWriter> items_;
    u64 nbytes_ = 0;
    u64 stored_end_ = 0;
};

} // namespace btrkit
