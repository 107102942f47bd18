// SPDX-License-Identifier: MIT
// One command of a send stream, taken apart and found to be well formed.
#pragma once

#include "formats/send/commands.h"
#include "formats/send/origin.h"
#include "libfs/base/bytes.h"

#include <array>
#include <optional>
#include <string>

namespace btrkit {

/// Only a Decoder makes these. What holds then: the command is one of the stream's version; each attribute belongs to
/// it, stands there once and has a possible size, texts hold no NUL (path_link may end with some); everything that a
/// receiver needs is there. What values mean (where a path leads, whether a mode or time is sensible) nobody has looked
/// at.
///
/// All that it hands out points into the decoder's buffer, and stays until the decoder reads on.
class StreamCommand {
public:
    struct Value {
        btrfs::send::Attribute attribute = btrfs::send::Attribute::none;
        Bytes bytes;
    };

    const btrfs::send::CommandInfo& info() const { return *info_; }
    btrfs::send::Command command() const { return info_->command; }
    /// Of the command in all that was read, from 0.
    u64 offset() const { return offset_; }
    /// Which one it is, from 1; goes on from one stream to the next.
    u64 number() const { return number_; }

    /// In the order of the stream.
    std::span<const Value> values() const { return std::span(values_).first(count_); }
    bool has(btrfs::send::Attribute attribute) const { return find(attribute) != nullptr; }

    /// How many bytes copy_to() needs.
    std::size_t size_bytes(bool with_data) const;
    /// The same, but that what it hands out points into room; DATA is empty there where its bytes are kept elsewhere.
    StreamCommand copy_to(MutableBytes room, bool with_data) const;

    /// "send stream, byte B, command N (NAME)": for what is wrong with it.
    std::string place() const;

    // Each needs an attribute of that kind; one that is not there is zero or empty.
    u64 integer(btrfs::send::Attribute attribute) const;
    std::string_view text(btrfs::send::Attribute attribute) const { return as_text(data(attribute)); }
    btrfs::Uuid uuid(btrfs::send::Attribute attribute) const;
    btrfs::Timespec time(btrfs::send::Attribute attribute) const;
    /// Of SUBVOL and SNAPSHOT: which one comes.
    btrfs::send::Origin origin() const;
    /// Of SNAPSHOT and CLONE: which one it stands on.
    btrfs::send::Origin clone_origin() const;
    /// The bytes of any attribute.
    Bytes data(btrfs::send::Attribute attribute) const;

private:
    friend class Decoder;

    StreamCommand(const btrfs::send::CommandInfo& info, u64 offset, u64 number)
        : info_(&info), offset_(offset), number_(number) {}

    const Value* find(btrfs::send::Attribute attribute) const;

    const btrfs::send::CommandInfo* info_;
    u64 offset_;
    u64 number_;
    std::array<Value, btrfs::send::max_command_attributes> values_{};
    std::size_t count_ = 0;
};

} // namespace btrkit
