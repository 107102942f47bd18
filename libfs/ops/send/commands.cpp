// SPDX-License-Identifier: MIT
#include "libfs/ops/send/commands.h"

#include "formats/send/device.h"
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/stat.h>

namespace btrkit::send {

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;

constexpr u32 permission_bits = S_ISUID | S_ISGID | S_ISVTX | S_IRWXU | S_IRWXG | S_IRWXO;

std::optional<Command> making(u32 type) {
    switch (type) {
    case S_IFREG: return Command::mkfile;
    case S_IFDIR: return Command::mkdir;
    case S_IFLNK: return Command::symlink;
    case S_IFCHR:
    case S_IFBLK: return Command::mknod;
    case S_IFIFO: return Command::mkfifo;
    case S_IFSOCK: return Command::mksock;
    default: return std::nullopt;
    }
}

btrfs::Timespec stored(const Time& time) {
    return {.sec = static_cast<u64>(time.sec), .nsec = time.nsec};
}

} // namespace

Encoder& Commands::begin(Command command) {
    auto& encoder = output_.encoder();
    encoder.begin(command);
    return encoder;
}

Encoder& Commands::begin(Command command, std::string_view path) {
    auto& encoder = begin(command);
    encoder.put_text(Attribute::path, path);
    return encoder;
}

Result<void> Commands::finish() {
    BTRKIT_TRY(output_.encoder().finish());
    return output_.submit();
}

Result<void> Commands::just_path(Command command, std::string_view path) {
    begin(command, path);
    return finish();
}

Result<void> Commands::stream_header() {
    BTRKIT_TRY(output_.encoder().write_stream_header());
    return output_.submit();
}

Result<void> Commands::begin_subvolume(const Subvolume& subvolume, const Subvolume* parent) {
    auto& encoder = begin(parent == nullptr ? Command::subvol : Command::snapshot, subvolume.name);
    encoder.put_uuid(Attribute::uuid, subvolume.stream_uuid());
    encoder.put_integer(Attribute::ctransid, subvolume.ctransid);
    if (parent != nullptr) {
        encoder.put_uuid(Attribute::clone_uuid, parent->stream_uuid());
        encoder.put_integer(Attribute::clone_ctransid, parent->ctransid);
    }
    return finish();
}

Result<void> Commands::end() {
    begin(Command::end);
    return finish();
}

Result<void> Commands::make(std::string_view path, const Inode& inode, std::string_view target) {
    const auto command = making(inode.type());
    if (!command) {
        return fail(ErrorKind::damaged, fmt::format("inode {}: mode {:o} is of no type", inode.number, inode.mode));
    }
    note_entry(path);
    auto& encoder = begin(*command, path);
    encoder.put_integer(Attribute::ino, inode.number);
    if (command == Command::symlink) {
        encoder.put_text(Attribute::path_link, target);
    } else if (command != Command::mkfile && command != Command::mkdir) {
        encoder.put_integer(Attribute::rdev, btrfs::send::device_number(inode.device_major, inode.device_minor));
        encoder.put_integer(Attribute::mode, inode.mode);
    }
    return finish();
}

Result<void> Commands::rename(std::string_view from, std::string_view to) {
    note_entry(from);
    note_entry(to);
    begin(Command::rename, from).put_text(Attribute::path_to, to);
    return finish();
}

Result<void> Commands::link(std::string_view path, std::string_view existing) {
    note_entry(path);
    begin(Command::link, path).put_text(Attribute::path_link, existing);
    return finish();
}

Result<void> Commands::unlink(std::string_view path) {
    note_entry(path);
    return just_path(Command::unlink, path);
}

Result<void> Commands::rmdir(std::string_view path) {
    note_entry(path);
    return just_path(Command::rmdir, path);
}

Result<void> Commands::set_xattr(std::string_view path, std::string_view name, std::string_view value) {
    auto& encoder = begin(Command::set_xattr, path);
    encoder.put_text(Attribute::xattr_name, name);
    encoder.put_data(Attribute::xattr_data, std::as_bytes(std::span(value)));
    return finish();
}

Result<void> Commands::remove_xattr(std::string_view path, std::string_view name) {
    begin(Command::remove_xattr, path).put_text(Attribute::xattr_name, name);
    return finish();
}

Result<void> Commands::truncate(std::string_view path, u64 size) {
    begin(Command::truncate, path).put_integer(Attribute::size, size);
    return finish();
}

Result<void> Commands::chmod(std::string_view path, u32 mode) {
    begin(Command::chmod, path).put_integer(Attribute::mode, mode & permission_bits);
    return finish();
}

Result<void> Commands::chown(std::string_view path, u32 uid, u32 gid) {
    auto& encoder = begin(Command::chown, path);
    encoder.put_integer(Attribute::uid, uid);
    encoder.put_integer(Attribute::gid, gid);
    return finish();
}

Result<void> Commands::utimes(std::string_view path, const Inode& inode) {
    top_has_changed_ &= !path.empty();
    auto& encoder = begin(Command::utimes, path);
    encoder.put_time(Attribute::atime, stored(inode.atime));
    encoder.put_time(Attribute::mtime, stored(inode.mtime));
    encoder.put_time(Attribute::ctime, stored(inode.ctime));
    if (version() >= 2) {
        encoder.put_time(Attribute::otime, stored(inode.otime));
    }
    return finish();
}

Result<void> Commands::fileattr(std::string_view path, u64 flags) {
    begin(Command::fileattr, path).put_integer(Attribute::fileattr, flags);
    return finish();
}

Result<void> Commands::enable_verity(std::string_view path, const btrfs::FsverityDescriptor& descriptor,
                                     Bytes signature) {
    auto& encoder = begin(Command::enable_verity, path);
    encoder.put_integer(Attribute::verity_algorithm, descriptor.hash_algorithm);
    encoder.put_integer(Attribute::verity_block_size, u64{1} << (descriptor.log_blocksize % 32));
    encoder.put_data(Attribute::verity_salt_data, clipped(as_bytes_of(descriptor.salt), 0, descriptor.salt_size));
    encoder.put_data(Attribute::verity_sig_data, signature);
    return finish();
}

Result<void> Commands::clone(std::string_view path, u64 file_offset, u64 length, const Subvolume& source_subvolume,
                             std::string_view source_path, u64 source_offset) {
    auto& encoder = begin(Command::clone);
    encoder.put_integer(Attribute::file_offset, file_offset);
    encoder.put_integer(Attribute::clone_len, length);
    encoder.put_text(Attribute::path, path);
    encoder.put_uuid(Attribute::clone_uuid, source_subvolume.stream_uuid());
    encoder.put_integer(Attribute::clone_ctransid, source_subvolume.ctransid);
    encoder.put_text(Attribute::clone_path, source_path);
    encoder.put_integer(Attribute::clone_offset, source_offset);
    return finish();
}

Result<void> Commands::punch_hole(std::string_view path, u64 file_offset, u64 length) {
    auto& encoder = begin(Command::fallocate, path);
    encoder.put_integer(Attribute::fallocate_mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    encoder.put_integer(Attribute::file_offset, file_offset);
    encoder.put_integer(Attribute::size, length);
    return finish();
}

Result<void> Commands::update_extent(std::string_view path, u64 file_offset, u64 length) {
    auto& encoder = begin(Command::update_extent, path);
    encoder.put_integer(Attribute::file_offset, file_offset);
    encoder.put_integer(Attribute::size, length);
    return finish();
}

} // namespace btrkit::send
