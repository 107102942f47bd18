// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/subvolume_receiver.h"

#include "formats/send/device.h"
#include "libfs/base/names.h"
#include "libfs/edit/verity_editor.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::receive {

namespace {

namespace send = btrfs::send;
using send::Attribute;
using send::Command;

/// What inodes of a stream may be numbered: above that no sender is.
constexpr u64 highest_kept_number = u64{1} << 48;

/// Flags that a stream tells of and that can be set whatever a file holds.
constexpr u64 settable_flags = btrfs::inode_nocompress | btrfs::inode_sync | btrfs::inode_immutable |
                               btrfs::inode_append | btrfs::inode_nodump | btrfs::inode_noatime | btrfs::inode_dirsync |
                               btrfs::inode_compress;
constexpr u64 data_flags = btrfs::inode_nodatacow | btrfs::inode_nodatasum;

u32 mode_of(const StreamCommand& command) {
    switch (command.command()) {
    case Command::mkdir: return S_IFDIR | 0700;
    case Command::mkfifo: return S_IFIFO | 0600;
    case Command::mksock: return S_IFSOCK | 0600;
    case Command::symlink: return S_IFLNK | 0777;
    case Command::mknod: return static_cast<u32>(command.integer(Attribute::mode)) & S_IFMT;
    default: return S_IFREG | 0600;
    }
}

bool is_data_command(Command command) {
    return command == Command::write || command == Command::encoded_write;
}

} // namespace

Result<PlaceInTree> SubvolumeReceiver::find(const StreamCommand& command) {
    return paths_.find(command.text(Attribute::path));
}

Result<void> SubvolumeReceiver::apply(const CommandBatch& batch, const Step& step) {
    report_->commands += 1 + step.merged;
    if (is_data_command(step.command.command())) {
        const bool is_encoded = step.command.command() == Command::encoded_write;
        report_->data_bytes += (is_encoded ? batch.encoded : batch.written).pieces[*step.piece].length;
    }
    BTRKIT_TRY_ASSIGN(const bool is_done, in_hand_.apply(batch, step));
    if (is_done) {
        return {};
    }
    BTRKIT_TRY(in_hand_.put_down());
    return apply_to_tree(batch, step);
}

Result<void> SubvolumeReceiver::apply_to_tree(const CommandBatch& batch, const Step& step) {
    const auto& command = step.command;
    if (is_data_command(command.command())) {
        return change_data(batch, step);
    }
    BTRKIT_TRY(data_.close());
    switch (command.command()) {
    case Command::mkfile:
    case Command::mkdir:
    case Command::mknod:
    case Command::mkfifo:
    case Command::mksock:
    case Command::symlink: return make(command);
    case Command::rename:
    case Command::link:
    case Command::unlink:
    case Command::rmdir: return change_names(command);
    case Command::set_xattr: return set_xattr(command);
    case Command::remove_xattr: return remove_xattr(command);
    case Command::chmod:
    case Command::chown:
    case Command::utimes: return set_attributes(command);
    case Command::fileattr: return set_flags(command);
    case Command::update_extent:
        return fail(ErrorKind::unsupported,
                    "the stream has no file data (it was sent with --no-data): it can't be received");
    default: return change_data(batch, step);
    }
}

Result<void> SubvolumeReceiver::finish() {
    BTRKIT_TRY(in_hand_.put_down());
    return data_.close();
}

/// A new inode has the number that it has at its sender, where no inode of the parent could have had it: so that what
/// is sent from here is in the same order.
Result<void> SubvolumeReceiver::make(const StreamCommand& command) {
    const u32 mode = mode_of(command);
    const u64 device = command.integer(Attribute::rdev);
    const bool is_device = S_ISCHR(mode) || S_ISBLK(mode);
    if (command.command() == Command::mknod && !is_device && !S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISREG(mode)) {
        return fail(ErrorKind::damaged, fmt::format("mode {:o} is of no node", command.integer(Attribute::mode)));
    }
    NewFile wanted = {.mode = mode | (command.command() == Command::mknod ? 0600U : 0U),
                      .link_target = send::link_target(command.text(Attribute::path_link))};
    if (is_device) {
        wanted.device_major = send::major_of(device);
        wanted.device_minor = send::minor_of(device);
    }
    BTRKIT_TRY_ASSIGN(auto name, paths_.place_for_new(command.text(Attribute::path)));
    const u64 told = command.integer(Attribute::ino);
    const bool is_kept = told > newest_inode_ && told <= highest_kept_number;
    BTRKIT_TRY_ASSIGN(const u64 number,
                      is_kept ? inodes_->number_for(report_->id, told) : inodes_->new_number(report_->id));
    in_hand_.take(command.text(Attribute::path), std::move(name), wanted, number);
    return {};
}

Result<void> SubvolumeReceiver::change_names(const StreamCommand& command) {
    switch (command.command()) {
    case Command::rename: return rename(command);
    case Command::link: return link(command);
    case Command::unlink: return unlink(command);
    default: return remove_directory(command);
    }
}

Result<void> SubvolumeReceiver::rename(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto from, paths_.find_parent(command.text(Attribute::path)));
    BTRKIT_TRY_ASSIGN(const auto to, paths_.find_parent(command.text(Attribute::path_to)));
    paths_.forget();
    const auto move = [&] { return files_->rename(from, to); };
    return paths_.change_top(command.text(Attribute::path),
                             [&] { return paths_.change_top(command.text(Attribute::path_to), move); });
}

Result<void> SubvolumeReceiver::link(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto file, paths_.find(command.text(Attribute::path_link)));
    BTRKIT_TRY_ASSIGN(const auto place, paths_.find_parent(command.text(Attribute::path)));
    return paths_.change_top(command.text(Attribute::path), [&] { return files_->link(file, place); });
}

Result<void> SubvolumeReceiver::unlink(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto place, paths_.find_parent(command.text(Attribute::path)));
    paths_.forget();
    return paths_.change_top(command.text(Attribute::path), [&] { return files_->unlink(place); });
}

/// What a snapshot has left of subvolumes in it goes with it: senders take such a directory for empty.
Result<void> SubvolumeReceiver::remove_directory(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto dir, find(command));
    BTRKIT_TRY_ASSIGN(const auto place, paths_.find_parent(command.text(Attribute::path)));
    paths_.forget();
    for (u64 index = 0;; ++index) {
        BTRKIT_TRY_ASSIGN(const auto entry, files_->next_entry(dir, index));
        if (!entry || !entry->is_subvolume()) {
            break;
        }
        BTRKIT_TRY(files_->remove_directory({.dir = dir, .name = entry->name}));
    }
    return paths_.change_top(command.text(Attribute::path), [&] { return files_->remove_directory(place); });
}

Result<void> SubvolumeReceiver::set_attributes(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto file, find(command));
    BTRKIT_TRY_ASSIGN(const auto change, attributes_of(command));
    return files_->set_attributes(file, change);
}

Result<void> SubvolumeReceiver::set_xattr(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto file, find(command));
    return files_->set_xattr(file, {std::string(command.text(Attribute::xattr_name)),
                                    std::string(as_text(command.data(Attribute::xattr_data)))});
}

/// A capability may be gone already: kernels drop it when an owner changes, and old senders count on that.
Result<void> SubvolumeReceiver::remove_xattr(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto file, find(command));
    const auto name = command.text(Attribute::xattr_name);
    const auto removed = files_->remove_xattr(file, name);
    const bool may_be_missing = name == "security.capability";
    return !removed && removed.error().kind == ErrorKind::not_found && may_be_missing ? Result<void>() : removed;
}

/// Of files and directories: others have none. Those about data in place follow only where there is no data yet.
Result<void> SubvolumeReceiver::set_flags(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto file, find(command));
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(file));
    if (!S_ISDIR(inode.mode) && !S_ISREG(inode.mode)) {
        return {};
    }
    const u64 told = command.integer(Attribute::fileattr);
    const bool has_no_data = S_ISDIR(inode.mode) || (S_ISREG(inode.mode) && inode.size == 0 && inode.nbytes == 0);
    const u64 mask = settable_flags | (has_no_data ? data_flags : 0);
    u64 flags = (inode.flags & ~mask) | (told & mask);
    if ((flags & (btrfs::inode_nocompress | data_flags)) != 0) {
        flags &= ~btrfs::inode_compress;
    }
    return inodes_->change(file, [&](btrfs::InodeItem& item) { item.flags = flags; });
}

Result<void> SubvolumeReceiver::clone(const StreamCommand& command) {
    const Origin wanted = command.clone_origin();
    const auto source_path = command.text(Attribute::clone_path);
    const bool is_own = wanted.uuid == report_->origin.uuid;
    PlaceInTree from;
    if (is_own) {
        BTRKIT_TRY_ASSIGN(from, paths_.find(source_path));
    } else {
        BTRKIT_TRY_ASSIGN(const u64 source, sources_->find(wanted, "clone source"));
        const auto found = InnerPaths(*inodes_, *files_, source).find(source_path);
        if (!found) {
            return fail(found.error().kind, fmt::format("clone source {} in subvolume {}: {}", printable(source_path),
                                                        source, found.error().message));
        }
        from = *found;
    }
    BTRKIT_TRY_ASSIGN(const auto to, find(command));
    const u64 start = command.integer(Attribute::clone_offset);
    const u64 length = command.integer(Attribute::clone_len);
    const u64 offset = command.integer(Attribute::file_offset);
    if (start > file_offset_end || length > file_offset_end || offset > file_offset_end) {
        return fail(ErrorKind::damaged, "the range is longer than files can be");
    }
    BTRKIT_TRY(data_.clone(from, range_from(start, length), to, offset));
    report_->cloned_bytes += length;
    return {};
}

Result<void> SubvolumeReceiver::change_data(const CommandBatch& batch, const Step& step) {
    const auto& command = step.command;
    if (command.command() == Command::clone) {
        return clone(command);
    }
    BTRKIT_TRY_ASSIGN(const auto file, find(command));
    switch (command.command()) {
    case Command::write: return data_.write(file, batch.written, *step.piece);
    case Command::encoded_write:
        return data_.write_encoded(file, batch.encoded, *step.piece, batch.extents[*step.piece]);
    case Command::truncate: return data_.truncate(file, command.integer(Attribute::size));
    case Command::fallocate: {
        const u64 offset = command.integer(Attribute::file_offset);
        const u64 length = command.integer(Attribute::size);
        if (offset > file_offset_end || length > file_offset_end) {
            return fail(ErrorKind::damaged, "the range is longer than files can be");
        }
        return data_.fallocate(file, command.integer(Attribute::fallocate_mode), range_from(offset, length));
    }
    case Command::enable_verity:
        return enable_verity(*inodes_, data_.editor(), file,
                             {.algorithm = static_cast<u8>(command.integer(Attribute::verity_algorithm)),
                              .block_bytes = static_cast<u32>(command.integer(Attribute::verity_block_size)),
                              .salt = command.data(Attribute::verity_salt_data),
                              .signature = command.data(Attribute::verity_sig_data)});
    default: return fail_as_bug(fmt::format("a command {} in a subvolume", command.info().name));
    }
}

} // namespace btrkit::receive
