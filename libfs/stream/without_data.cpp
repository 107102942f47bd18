// SPDX-License-Identifier: MIT
#include "libfs/stream/without_data.h"

#include "formats/send/commands.h"
#include "formats/send/stream.h"

#include <algorithm>

namespace btrkit {

namespace {

namespace send = btrfs::send;

/// Most commands are shorter than that by far; what follows one that brings data is read in vain.
constexpr std::size_t read_bytes = 4096;

bool brings_data(u16 command) {
    return command == static_cast<u16>(send::Command::write) ||
           command == static_cast<u16>(send::Command::encoded_write);
}

} // namespace

/// Up to so many bytes of what comes next; fewer only at the end.
Result<Bytes> WithoutData::peek(std::size_t count) {
    if (ahead_.size() - ahead_begin_ < count) {
        ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(ahead_begin_));
        ahead_begin_ = 0;
        const std::size_t there = ahead_.size();
        ahead_.resize(std::max(count, read_bytes));
        BTRKIT_TRY_ASSIGN(const auto got, bytes_(offset_ + there, MutableBytes(ahead_).subspan(there)));
        ahead_.resize(there + got);
    }
    return Bytes(ahead_).subspan(ahead_begin_, std::min(count, ahead_.size() - ahead_begin_));
}

void WithoutData::skip(u64 count) {
    offset_ += count;
    ahead_begin_ = static_cast<std::size_t>(std::min<u64>(ahead_begin_ + count, ahead_.size()));
}

/// Decides what is handed out next: nothing at the end.
Result<void> WithoutData::next_part() {
    if (std::exchange(at_stream_, false)) {
        part_left_ = sizeof(send::StreamHeader);
    }
    while (part_left_ == 0) {
        BTRKIT_TRY_ASSIGN(const auto bytes, peek(sizeof(send::CommandHeader)));
        const auto* header = view_at<send::CommandHeader>(bytes);
        if (header == nullptr) {
            part_left_ = bytes.size();
            return {};
        }
        const u64 command_bytes = sizeof(*header) + u64{header->length_bytes};
        if (brings_data(header->command)) {
            skip(command_bytes);
        } else {
            at_stream_ = header->command == static_cast<u16>(send::Command::end);
            part_left_ = command_bytes;
        }
    }
    return {};
}

Result<std::size_t> WithoutData::operator()(MutableBytes room) {
    if (part_left_ == 0) {
        BTRKIT_TRY(next_part());
    }
    const auto wanted = static_cast<std::size_t>(std::min<u64>({part_left_, room.size(), read_bytes}));
    BTRKIT_TRY_ASSIGN(const auto bytes, peek(wanted));
    std::ranges::copy(bytes, room.begin());
    part_left_ = bytes.size() < wanted ? 0 : part_left_ - bytes.size();
    skip(bytes.size());
    return bytes.size();
}

} // namespace btrkit
