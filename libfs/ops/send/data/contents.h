// SPDX-License-Identifier: MIT
// The contents of the current inode: what of its extents is sent, and whether written or cloned.
#pragma once

#include "libfs/fs/extent_reader.h"
#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/data/clone_sources.h"
#include "libfs/ops/send/data/parent_extents.h"
#include "libfs/ops/send/names/paths.h"
#include "libfs/tree/tree_diff.h"

namespace btrkit::send {

struct ContentsMode {
    bool no_data = false;         ///< tell of ranges, without their bytes
    bool compressed_data = false; ///< compressed extents as they are
    bool skips_errors = false;    ///< what can't be read is left out
};

class Contents {
public:
    Contents(const Filesystem& filesystem, const Snapshots& snapshots, CurrentInode& current, Commands& commands,
             CommandOutput& output, Paths& paths, CloneSources& sources, ContentsMode mode);

    /// A file extent item of the sent snapshot that is new or has changed.
    Result<void> send_item(const ItemPlace& item);
    /// One that is in both snapshots: only what lies between it and the one before may have become a hole.
    Result<void> pass_item(const ItemPlace& item);
    /// One of the parent that is gone, from this offset in the file.
    Result<void> note_gone_item(u64 offset);
    /// All of the current inode, as if it were new.
    Result<void> send_all();
    /// Behind the last extent, up to the end of the file.
    Result<void> send_last_hole();
    /// The file has grown: what its extents, even where they are the same as before, have behind its old end. The
    /// kernel leaves that out.
    Result<void> send_grown_tail(u64 old_size);

    /// Bytes of files that were sent, cloned or told of.
    u64 bytes_sent() const { return bytes_sent_; }

private:
    using Extent = std::shared_ptr<const FileExtent>;
    /// A range of the current inode, within one extent.
    struct Range {
        u64 offset = 0;
        u64 length = 0;
        u64 end() const { return offset + length; }
    };

    /// The receiver has the file with other contents: holes have to be sent too.
    bool overwrites() const;
    Result<Extent> parse(const btrfs::Key& key, Bytes data) const;
    Result<void> send_extent(const Extent& extent, u64 leaf_owner, u32 slot);
    Result<void> send_hole_before(const FileExtent& extent, u32 slot);
    Result<void> send_hole_up_to(u64 end);
    Result<void> send_hole_of_gone_items(u64 next_offset);
    Result<void> find_last_extent_end(u64 offset);

    Result<void> write_or_clone(const Extent& extent, const std::optional<CloneSource>& source);
    bool may_write_instead(const Error& error) const;
    bool can_read(const FileExtent& extent, const Range& range);
    Result<bool> may_clone_up_to(u64 end, const CloneSource& source, const Range& range);
    Result<void> clone_range(const Extent& extent, CloneSource source, Range range);
    struct CloneWalk;
    Result<bool> clone_step(CloneWalk& walk, const FileExtent& source_extent);
    static bool stand_on_same_bytes(CloneWalk& walk, const FileExtent& source_extent, u64& source_length);
    Result<void> clone_part(const CloneWalk& walk, const Range& part);
    Result<void> send_clone(const CloneSource& source, const Range& range);
    Result<void> write(const Extent& extent, const Range& range);
    bool is_all_zeros(const FileExtent& extent, const Range& range);
    Result<void> put_encoded(std::string_view path, const FileData& data);
    Result<std::string> current_path();
    std::shared_ptr<const std::string> shown_path(std::string_view path);

    const Snapshots& snapshots_;
    CurrentInode& current_;
    Commands& commands_;
    CommandOutput& output_;
    Paths& paths_;
    CloneSources& sources_;
    ContentsMode mode_;
    ExtentReader reader_;
    std::optional<ParentExtents> parent_extents_; ///< nothing: there is no parent
    std::shared_ptr<const std::string> shown_path_;
    u64 shown_path_of_ = 0; ///< inode
    u64 bytes_sent_ = 0;
    u32 sectorsize_;
};

} // namespace btrkit::send
