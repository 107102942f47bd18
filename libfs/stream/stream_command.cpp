// SPDX-License-Identifier: MIT
#include "libfs/stream/stream_command.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace send = btrfs::send;

const StreamCommand::Value* StreamCommand::find(send::Attribute attribute) const {
    const auto found = std::ranges::find(values(), attribute, &Value::attribute);
    return found == values().end() ? nullptr : &*found;
}

std::size_t StreamCommand::size_bytes(bool with_data) const {
    std::size_t sum = 0;
    for (const auto& value : values()) {
        sum += value.attribute == send::Attribute::data && !with_data ? 0 : value.bytes.size();
    }
    return sum;
}

StreamCommand StreamCommand::copy_to(MutableBytes room, bool with_data) const {
    StreamCommand copy = *this;
    for (auto& value : std::span(copy.values_).first(count_)) {
        if (value.attribute == send::Attribute::data && !with_data) {
            value.bytes = {};
            continue;
        }
        std::ranges::copy(value.bytes, room.begin());
        value.bytes = room.first(value.bytes.size());
        room = room.subspan(value.bytes.size());
    }
    return copy;
}

std::string StreamCommand::place() const {
    return fmt::format("send stream, byte {}, command {} ({})", offset_, number_, info_->name);
}

Bytes StreamCommand::data(send::Attribute attribute) const {
    const auto* value = find(attribute);
    return value == nullptr ? Bytes{} : value->bytes;
}

u64 StreamCommand::integer(send::Attribute attribute) const {
    const auto bytes = data(attribute);
    btrfs::le64 stored;
    std::ranges::copy(bytes.first(std::min(bytes.size(), sizeof(stored))),
                      std::as_writable_bytes(std::span(&stored, 1)).begin());
    return stored;
}

btrfs::Uuid StreamCommand::uuid(send::Attribute attribute) const {
    const auto* uuid = view_at<btrfs::Uuid>(data(attribute));
    return uuid == nullptr ? btrfs::Uuid{} : *uuid;
}

send::Origin StreamCommand::origin() const {
    return {uuid(send::Attribute::uuid), integer(send::Attribute::ctransid)};
}

send::Origin StreamCommand::clone_origin() const {
    return {uuid(send::Attribute::clone_uuid), integer(send::Attribute::clone_ctransid)};
}

btrfs::Timespec StreamCommand::time(send::Attribute attribute) const {
    const auto* time = view_at<btrfs::Timespec>(data(attribute));
    return time == nullptr ? btrfs::Timespec{} : *time;
}

} // namespace btrkit
