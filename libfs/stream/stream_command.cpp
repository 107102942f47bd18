// SPDX-License-Identifier: MIT
#include "libfs/stream/stream_command.h"

namespace btrkit {

namespace send = btrfs::send;

const StreamCommand::Value* StreamCommand::find(send::Attribute attribute) const {
    const auto found = std::ranges::find(values(), attribute, &Value::attribute);
    return found == values().end() ? nullptr : &*found;
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

btrfs::Timespec StreamCommand::time(send::Attribute attribute) const {
    const auto* time = view_at<btrfs::Timespec>(data(attribute));
    return time == nullptr ? btrfs::Timespec{} : *time;
}

} // namespace btrkit
