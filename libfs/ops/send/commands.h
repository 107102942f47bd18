// SPDX-License-Identifier: MIT
// The commands of a stream, one function each, but for those with file data.
#pragma once

#include "formats/btrfs/verity.h"
#include "libfs/fs/inode.h"
#include "libfs/ops/send/output/command_output.h"
#include "libfs/ops/send/subvolume.h"

namespace btrkit::send {

/// All fail as CommandOutput does, and with unsupported where a value is one that no stream can hold.
class Commands {
public:
    explicit Commands(CommandOutput& output) : output_(output) {}

    u32 version() const { return output_.version(); }

    /// Entries at the top of the subvolume came or went since its times were sent.
    bool top_has_changed() const { return top_has_changed_; }

    Result<void> stream_header();
    /// SUBVOL, or SNAPSHOT against a parent.
    Result<void> begin_subvolume(const Subvolume& subvolume, const Subvolume* parent);
    Result<void> end();

    /// MKFILE, MKDIR and so on, by the inode's type; target: of a symlink.
    Result<void> make(std::string_view path, const Inode& inode, std::string_view target);
    Result<void> rename(std::string_view from, std::string_view to);
    Result<void> link(std::string_view path, std::string_view existing);
    Result<void> unlink(std::string_view path);
    Result<void> rmdir(std::string_view path);

    Result<void> set_xattr(std::string_view path, std::string_view name, std::string_view value);
    Result<void> remove_xattr(std::string_view path, std::string_view name);
    Result<void> truncate(std::string_view path, u64 size);
    Result<void> chmod(std::string_view path, u32 mode);
    Result<void> chown(std::string_view path, u32 uid, u32 gid);
    Result<void> utimes(std::string_view path, const Inode& inode);
    Result<void> fileattr(std::string_view path, u64 flags);
    Result<void> enable_verity(std::string_view path, const btrfs::FsverityDescriptor& descriptor, Bytes signature);

    Result<void> clone(std::string_view path, u64 file_offset, u64 length, const Subvolume& source_subvolume,
                       std::string_view source_path, u64 source_offset);
    /// FALLOCATE, version 2 and later: the range reads as zeros and takes no room; the file keeps its size.
    Result<void> punch_hole(std::string_view path, u64 file_offset, u64 length);
    Result<void> update_extent(std::string_view path, u64 file_offset, u64 length);

private:
    Encoder& begin(btrfs::send::Command command);
    Encoder& begin(btrfs::send::Command command, std::string_view path);
    Result<void> finish();
    Result<void> just_path(btrfs::send::Command command, std::string_view path);
    void note_entry(std::string_view path) { top_has_changed_ |= !path.contains('/'); }

    CommandOutput& output_;
    bool top_has_changed_ = false;
};

} // namespace btrkit::send
