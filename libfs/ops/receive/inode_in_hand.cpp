// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/inode_in_hand.h"

#include "libfs/edit/compression_property.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::receive {

namespace {

using btrfs::send::Attribute;
using btrfs::send::Command;

Result<Time> time_of(const StreamCommand& command, Attribute attribute) {
    constexpr u32 second_nsec = 1'000'000'000;
    const auto stored = command.time(attribute);
    if (stored.nsec >= second_nsec) {
        return fail(ErrorKind::damaged, fmt::format("{} nanoseconds are no time", u32{stored.nsec}));
    }
    return parse_time(stored);
}

} // namespace

Result<AttributeChange> attributes_of(const StreamCommand& command) {
    AttributeChange change;
    if (command.command() == Command::chmod) {
        change.permissions = static_cast<u32>(command.integer(Attribute::mode)) & ~u32{S_IFMT};
    } else if (command.command() == Command::chown) {
        change.uid = static_cast<u32>(command.integer(Attribute::uid));
        change.gid = static_cast<u32>(command.integer(Attribute::gid));
    } else {
        BTRKIT_TRY_ASSIGN(change.atime, time_of(command, Attribute::atime));
        BTRKIT_TRY_ASSIGN(change.mtime, time_of(command, Attribute::mtime));
        BTRKIT_TRY_ASSIGN(change.ctime, time_of(command, Attribute::ctime));
        if (command.has(Attribute::otime)) {
            BTRKIT_TRY_ASSIGN(change.otime, time_of(command, Attribute::otime));
        }
    }
    return change;
}

void InodeInHand::take(std::string_view path, FreeName name, const NewFile& wanted, u64 number) {
    held_ = Held{.path = std::string(path),
                 .name = std::move(name),
                 .inode = wanted,
                 .xattrs = {},
                 .link_target = std::string(wanted.link_target)};
    held_->inode.number = number;
    held_->inode.inherits = false;
}

Result<bool> InodeInHand::apply(const CommandBatch& batch, const Step& step) {
    const auto& command = step.command;
    if (!held_ || command.text(Attribute::path) != held_->path) {
        return false;
    }
    switch (command.command()) {
    case Command::rename: return rename(command.text(Attribute::path_to));
    case Command::set_xattr: return set_xattr(command);
    case Command::chmod:
    case Command::chown:
    case Command::utimes: return set_attributes(command);
    case Command::write:
    case Command::encoded_write: return append(batch, step);
    case Command::truncate: return S_ISREG(held_->inode.mode) && command.integer(Attribute::size) == data_->new_size();
    default: return false;
    }
}

Result<void> InodeInHand::put_down() {
    if (held_) {
        is_broken_ = true;
        BTRKIT_TRY_ASSIGN(const auto sizes, data_->end_new());
        held_->inode.size = sizes.size;
        held_->inode.nbytes = sizes.nbytes;
    }
    return put_inode();
}

Result<void> InodeInHand::put_inode() {
    if (!held_) {
        return {};
    }
    auto held = *std::exchange(held_, std::nullopt);
    held.inode.xattrs = held.xattrs;
    held.inode.link_target = held.link_target;
    is_broken_ = true;
    BTRKIT_TRY(paths_->change_top(held.path, [&]() -> Result<void> {
        BTRKIT_TRY(files_->create_at(held.name, held.inode));
        return {};
    }));
    is_broken_ = false;
    return {};
}

/// To where nothing is.
bool InodeInHand::rename(std::string_view to) {
    auto name = paths_->place_for_new(to);
    if (!name) {
        return false;
    }
    held_->path = to;
    held_->name = std::move(*name);
    return true;
}

bool InodeInHand::set_xattr(const StreamCommand& command) {
    const auto name = command.text(Attribute::xattr_name);
    const auto value = as_text(command.data(Attribute::xattr_data));
    const bool is_compression = name == compression_xattr;
    if (is_compression) {
        // Whether it can be compressed, and what data was written before, is for the editors.
        const Inode inode{.mode = held_->inode.mode};
        if (!takes_compression(inode) || !is_compression_property(value) || data_->new_size() > 0) {
            return false;
        }
    }
    const auto known = std::ranges::find(held_->xattrs, name, &Xattr::name);
    if (known != held_->xattrs.end()) {
        known->value = value;
    } else {
        held_->xattrs.push_back({std::string(name), std::string(value)});
    }
    return true;
}

Result<bool> InodeInHand::set_attributes(const StreamCommand& command) {
    BTRKIT_TRY_ASSIGN(const auto change, attributes_of(command));
    auto& inode = held_->inode;
    inode.mode = change.permissions ? (inode.mode & S_IFMT) | *change.permissions : inode.mode;
    inode.uid = change.uid.value_or(inode.uid);
    inode.gid = change.gid.value_or(inode.gid);
    const auto set_time = [](std::optional<Time>& time, const std::optional<Time>& wanted) {
        time = wanted ? wanted : time;
    };
    set_time(inode.atime, change.atime);
    set_time(inode.mtime, change.mtime);
    set_time(inode.ctime, change.ctime);
    set_time(inode.otime, change.otime);
    return true;
}

Result<bool> InodeInHand::append(const CommandBatch& batch, const Step& step) {
    if (!S_ISREG(held_->inode.mode)) {
        return false;
    }
    const auto property = std::ranges::find(held_->xattrs, compression_xattr, &Xattr::name);
    const auto value = property == held_->xattrs.end() ? std::string_view() : std::string_view(property->value);
    const u64 flags = flags_with_compression(0, value);
    return data_->append_new({.tree = held_->name.place.dir.tree, .inode = *held_->inode.number},
                             compression_of(flags, value, method_), batch, step);
}

} // namespace btrkit::receive
