// SPDX-License-Identifier: MIT
// The data of files in a transaction changed in the terms of the VFS: sizes, holes, sharing, and writes of any bytes.
// What is written is stored as it is, not compressed; whole files go through file_data_writer.h.
//
// All fail with refused for what is no regular file, is immutable or protected by fs-verity, and in read-only
// subvolumes; with damaged where old data that must be read can't be; with no_space.
#pragma once

#include "libfs/edit/file_extent_items.h"
#include "libfs/edit/inode_editor.h"
#include "libfs/fs/extent_reader.h"

namespace btrkit {

/// Data that is compressed already, to be stored as it is.
struct PackedData {
    btrfs::Compression compression = btrfs::Compression::none;
    Bytes packed;            ///< whole sectors
    Bytes csums;             ///< of those
    u64 plain_bytes = 0;     ///< what all of it unpacks to, in whole sectors
    u64 offset_in_plain = 0; ///< where in that the file's part begins
    u64 length = 0;          ///< of that part; need not be whole sectors where the file ends with it
};

class FileDataEditor {
public:
    /// inodes must outlive it.
    explicit FileDataEditor(InodeEditor& inodes);

    /// As ftruncate(2): what is cut off is gone, what is added reads as zeros.
    Result<void> resize(const PlaceInTree& place, u64 size);

    /// As pwrite(2).
    Result<void> write(const PlaceInTree& place, u64 offset, Bytes bytes);

    /// The same with packed data. Fails with usage where it can't be stored as it is: the range is not of whole sectors
    /// and the file goes on behind it, or the file has no checksums. Nothing has happened then.
    Result<void> write_packed(const PlaceInTree& place, u64 offset, const PackedData& data);

    /// A hole is made of the range, as far as the file goes: the size stays.
    Result<void> punch(const PlaceInTree& place, Range range);

    /// Space for what is a hole in the range, in whole sectors; it reads as zeros.
    Result<void> preallocate(const PlaceInTree& place, Range range, bool keeps_size);

    /// The range of `to` from the offset on shares the data of that range of `from`, which may be in another subvolume.
    /// Offsets are of whole sectors, and so is the end, unless it is that of `from`, and `to` ends there too. Fails
    /// with usage where they are not, with refused where one file has checksums and the other has not.
    Result<void> clone(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset);

    /// Fills out with what the file holds from the offset on; zeros beyond its end. Not only of regular files.
    Result<void> read(const PlaceInTree& place, u64 offset, MutableBytes out);

private:
    /// A file whose data is being changed.
    struct Open {
        PlaceInTree place;
        Inode inode; ///< size and nbytes as they become
        FileExtentItems items;
    };

    Result<Open> open(const PlaceInTree& place);
    Result<void> close(const Open& file, u64 new_flags = 0);
    Result<void> close_after(const Result<void>& done, const Open& file, u64 new_flags = 0);
    Result<void> resize_open(Open& file, u64 size);
    Result<void> write_open(Open& file, u64 offset, Bytes bytes);
    Result<bool> write_inline(Open& file, u64 offset, Bytes bytes);
    Result<void> write_sectors(Open& file, u64 offset, Bytes part, u64 new_size);
    Result<void> write_packed_open(Open& file, u64 offset, const PackedData& data);
    Result<void> punch_open(Open& file, Range range);
    Result<void> punch_inline(Open& file, Range range);
    Result<void> preallocate_open(Open& file, Range range, bool keeps_size);
    Result<u64> preallocate_gap(Open& file, u64 at, u64 end);
    Result<void> read_sectors(Open& file, u64 offset, MutableBytes out);
    static Result<bool> is_inline(Open& file);
    void add_extent(Open& file, ExtentKind kind, u64 offset, Range taken);
    Result<void> store_sectors(Open& file, u64 offset, Bytes sectors);
    Result<void> put_inline(Open& file, Bytes plain, std::optional<u64> generation = {});
    Result<std::vector<std::byte>> take_inline(Open& file);
    Result<void> spill_inline(Open& file);
    Result<void> zero(Open& file, u64 start, u64 end);
    Result<void> reach(Open& file, u64 offset);
    Result<void> drop(Open& file, Range range);
    Result<void> clone_inline(Open& source, Range range, const PlaceInTree& to, u64 offset);
    Result<void> clone_extents(Open& source, Range range, Open& target, u64 offset);

    u32 sectorsize() const { return inodes_->transaction().geometry().sectorsize; }
    Range sectors_of(Range range) const;

    InodeEditor* inodes_;
    ExtentReader reader_;
};

} // namespace btrkit
