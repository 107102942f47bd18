// SPDX-License-Identifier: MIT
// The one table of commands: what each is called, and which attributes it carries in which order. Encoder, decoder,
// dump and tests derive from it.
//
// Facts: Linux fs/btrfs/send.{h,c}; the order is what a 6.18 kernel sends.
#pragma once

#include "formats/send/attributes.h"

#include <initializer_list>
#include <span>

namespace btrfs::send {

/// Commands by their number in the stream: never change.
enum class Command : u16 {
    none = 0,
    subvol = 1,
    snapshot = 2,
    mkfile = 3,
    mkdir = 4,
    mknod = 5,
    mkfifo = 6,
    mksock = 7,
    symlink = 8,
    rename = 9,
    link = 10,
    unlink = 11,
    rmdir = 12,
    set_xattr = 13,
    remove_xattr = 14,
    write = 15,
    clone = 16,
    truncate = 17,
    chmod = 18,
    chown = 19,
    utimes = 20,
    end = 21,
    update_extent = 22,
    fallocate = 23,
    fileattr = 24,
    encoded_write = 25,
    enable_verity = 26,
};

enum class Presence : u8 {
    required, ///< always sent, and a receiver needs it
    expected, ///< always sent, but a receiver can do without
    optional, ///< sent where it applies
    newer,    ///< always sent from version 2 on, but a receiver can do without
};

struct CommandAttribute {
    Attribute attribute = Attribute::none;
    Presence presence = Presence::required;

    constexpr CommandAttribute() = default;
    constexpr CommandAttribute(Attribute which, Presence when = Presence::required)
        : attribute(which), presence(when) {}

    /// Whether a sender of this version never leaves it out.
    constexpr bool always_sent(u32 version) const {
        return presence == Presence::newer ? version >= 2 : presence != Presence::optional;
    }
};

/// The most attributes that any command has.
inline constexpr std::size_t max_command_attributes = 8;

class CommandInfo {
public:
    constexpr CommandInfo(Command number, std::string_view label, u32 since,
                          std::initializer_list<CommandAttribute> list)
        : command(number), name(label), since_version(since) {
        for (const auto& entry : list) {
            slots_[count_++] = entry;
        }
    }

    Command command;
    std::string_view name; ///< as the peer's dump prints it
    u32 since_version;

    /// In the order in which the kernel sends them.
    constexpr std::span<const CommandAttribute> attributes() const { return std::span(slots_).first(count_); }
    /// The place of an attribute in attributes(), or their number if the command has no such attribute.
    constexpr std::size_t index_of(Attribute attribute) const {
        std::size_t index = 0;
        while (index < count_ && slots_[index].attribute != attribute) {
            ++index;
        }
        return index;
    }

private:
    std::array<CommandAttribute, max_command_attributes> slots_{};
    std::size_t count_ = 0;
};

/// In the order of their numbers, from 1.
inline constexpr std::array commands = [] {
    using A = Attribute;
    using enum Presence;
    return std::to_array<CommandInfo>({
        {Command::subvol, "subvol", 1, {A::path, A::uuid, A::ctransid}},
        {Command::snapshot, "snapshot", 1, {A::path, A::uuid, A::ctransid, A::clone_uuid, A::clone_ctransid}},
        {Command::mkfile, "mkfile", 1, {A::path, A::ino}},
        {Command::mkdir, "mkdir", 1, {A::path, A::ino}},
        {Command::mknod, "mknod", 1, {A::path, A::ino, A::rdev, A::mode}},
        {Command::mkfifo, "mkfifo", 1, {A::path, A::ino, {A::rdev, expected}, {A::mode, expected}}},
        {Command::mksock, "mksock", 1, {A::path, A::ino, {A::rdev, expected}, {A::mode, expected}}},
        {Command::symlink, "symlink", 1, {A::path, A::ino, A::path_link}},
        {Command::rename, "rename", 1, {A::path, A::path_to}},
        {Command::link, "link", 1, {A::path, A::path_link}},
        {Command::unlink, "unlink", 1, {A::path}},
        {Command::rmdir, "rmdir", 1, {A::path}},
        {Command::set_xattr, "set_xattr", 1, {A::path, A::xattr_name, A::xattr_data}},
        {Command::remove_xattr, "remove_xattr", 1, {A::path, A::xattr_name}},
        {Command::write, "write", 1, {A::path, A::file_offset, A::data}},
        {Command::clone,
         "clone",
         1,
         {A::file_offset, A::clone_len, A::path, A::clone_uuid, A::clone_ctransid, A::clone_path, A::clone_offset}},
        {Command::truncate, "truncate", 1, {A::path, A::size}},
        {Command::chmod, "chmod", 1, {A::path, A::mode}},
        {Command::chown, "chown", 1, {A::path, A::uid, A::gid}},
        {Command::utimes, "utimes", 1, {A::path, A::atime, A::mtime, A::ctime, {A::otime, newer}}},
        {Command::end, "end", 1, {}},
        {Command::update_extent, "update_extent", 1, {A::path, A::file_offset, A::size}},
        {Command::fallocate, "fallocate", 2, {A::path, A::fallocate_mode, A::file_offset, A::size}},
        {Command::fileattr, "fileattr", 2, {A::path, A::fileattr}},
        // Of an inline extent the kernel sends no ENCRYPTION.
        {Command::encoded_write,
         "encoded_write",
         2,
         {A::path,
          A::file_offset,
          A::unencoded_file_len,
          A::unencoded_len,
          A::unencoded_offset,
          {A::compression, optional},
          {A::encryption, optional},
          A::data}},
        {Command::enable_verity,
         "enable_verity",
         3,
         {A::path, A::verity_algorithm, A::verity_block_size, A::verity_salt_data, A::verity_sig_data}},
    });
}();

/// The row of a raw command number, or null if the format has none by it.
constexpr const CommandInfo* find_command(u16 raw) {
    return raw != 0 && raw <= commands.size() ? &commands[raw - 1] : nullptr;
}

/// The row of a command other than none.
constexpr const CommandInfo& command_info(Command command) {
    return commands[static_cast<std::size_t>(command) - 1];
}

} // namespace btrfs::send
