// SPDX-License-Identifier: MIT
#include "libfs/stream/encoder.h"

#include "libfs/stream/command_crc.h"

#include <array>
#include <cassert>

#include <fmt/format.h>

namespace btrkit {

namespace send = btrfs::send;

namespace {

/// Whether everything that a sender always sends among attributes [first, last) is nothing.
[[maybe_unused]] bool may_be_left_out(const send::CommandInfo& command, std::size_t first, std::size_t last,
                                      u32 version) {
    const auto skipped = command.attributes().subspan(first, last - first);
    return std::ranges::none_of(skipped, [&](const auto& entry) { return entry.always_sent(version); });
}

} // namespace

Encoder::Encoder(u32 version, OutputSink* sink) : version_(version), sink_(sink) {
    assert(send::is_known_version(version));
}

Result<void> Encoder::write(Bytes head, Bytes data) {
    if (sink_ != nullptr) {
        const std::array parts{as_text(head), as_text(data)};
        BTRKIT_TRY(sink_->write_all(std::span(parts).first(data.empty() ? 1 : 2)));
    }
    bytes_written_ += head.size() + data.size();
    return {};
}

Result<void> Encoder::write_stream_header() {
    assert(command_ == nullptr);
    return write(as_bytes_of(send::StreamHeader{send::stream_magic, version_}));
}

void Encoder::begin(send::Command command) {
    assert(command_ == nullptr);
    command_ = &send::command_info(command);
    assert(command_->since_version <= version_);
    next_attribute_ = 0;
    data_bytes_ = 0;
    data_ = {};
    refusal_.clear();
    buffer_.resize(sizeof(send::CommandHeader));
}

const send::AttributeInfo& Encoder::expect(send::Attribute attribute, [[maybe_unused]] send::ValueKind kind) {
    assert(command_ != nullptr);
    const auto index = command_->index_of(attribute);
    assert(next_attribute_ <= index && index < command_->attributes().size());
    assert(may_be_left_out(*command_, next_attribute_, index, version_));
    next_attribute_ = index + 1;
    const auto& info = send::attribute_info(attribute);
    assert(info.kind == kind && info.since_version <= version_);
    return info;
}

void Encoder::refuse(std::string why) {
    if (refusal_.empty()) {
        refusal_ = std::move(why);
    }
}

/// Whether a value of that size may be added; if not, the command is refused.
bool Encoder::fits(const send::AttributeInfo& info, u64 value_bytes) {
    if (value_bytes < info.min_bytes || value_bytes > info.max_bytes) {
        refuse(fmt::format("{} of {} bytes, where {} to {} are possible", info.name, value_bytes, info.min_bytes,
                           info.max_bytes));
        return false;
    }
    const u64 needed = buffer_.size() + sizeof(send::AttributeHeader) + value_bytes;
    if (needed > send::max_command_bytes(version_)) {
        refuse(fmt::format("a {} of {} bytes does not fit a command of at most {} bytes", info.name, value_bytes,
                           send::max_command_bytes(version_)));
        return false;
    }
    return true;
}

void Encoder::append(Bytes bytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void Encoder::append_value(const send::AttributeInfo& info, Bytes value) {
    if (!fits(info, value.size())) {
        return;
    }
    append(as_bytes_of(send::AttributeHeader{static_cast<u16>(info.attribute), static_cast<u16>(value.size())}));
    append(value);
}

void Encoder::put_integer(send::Attribute attribute, u64 value) {
    const auto& info = expect(attribute, send::ValueKind::integer);
    assert(info.max_bytes == sizeof(u64) || value >> (info.max_bytes * 8) == 0);
    const btrfs::le64 stored{value};
    append_value(info, as_bytes_of(stored).first(info.max_bytes));
}

void Encoder::put_text(send::Attribute attribute, std::string_view text) {
    const auto& info = expect(attribute, send::ValueKind::text);
    if (send::has_misplaced_nul(attribute, text)) {
        refuse(fmt::format("{} holds a NUL", info.name));
        return;
    }
    append_value(info, std::as_bytes(std::span(text)));
}

void Encoder::put_uuid(send::Attribute attribute, const btrfs::Uuid& uuid) {
    append_value(expect(attribute, send::ValueKind::uuid), as_bytes_of(uuid));
}

void Encoder::put_time(send::Attribute attribute, const btrfs::Timespec& time) {
    append_value(expect(attribute, send::ValueKind::timespec), as_bytes_of(time));
}

void Encoder::put_data(send::Attribute attribute, Bytes data) {
    if (attribute != send::Attribute::data) {
        append_value(expect(attribute, send::ValueKind::data), data);
        return;
    }
    begin_data(data.size());
    data_ = data;
}

void Encoder::put_data_length(u64 length_bytes) {
    assert(is_counting());
    begin_data(length_bytes);
}

/// DATA is the last attribute of every command that has it: its bytes follow those of the buffer.
void Encoder::begin_data(u64 length_bytes) {
    const auto& info = expect(send::Attribute::data, send::ValueKind::data);
    assert(next_attribute_ == command_->attributes().size());
    if (!fits(info, length_bytes)) {
        return;
    }
    const send::AttributeHeader header{static_cast<u16>(info.attribute), static_cast<u16>(length_bytes)};
    append(as_bytes_of(header).first(send::data_has_length(version_) ? sizeof(header) : sizeof(header.type)));
    data_bytes_ = length_bytes;
}

Result<void> Encoder::finish() {
    assert(command_ != nullptr);
    assert(!refusal_.empty() || may_be_left_out(*command_, next_attribute_, command_->attributes().size(), version_));
    const auto& command = *std::exchange(command_, nullptr);
    if (!refusal_.empty()) {
        return fail(ErrorKind::unsupported, fmt::format("no {} command can be sent: {}", command.name, refusal_));
    }
    if (is_counting()) {
        bytes_written_ += buffer_.size() + data_bytes_;
        return {};
    }
    send::CommandHeader header{static_cast<u32>(buffer_.size() - sizeof(header) + data_bytes_),
                               static_cast<u16>(command.command), 0};
    header.crc = command_crc(header, {Bytes(buffer_).subspan(sizeof(header)), data_});
    std::ranges::copy(as_bytes_of(header), buffer_.begin());
    return write(buffer_, data_);
}

Result<void> Encoder::put_command(send::Command command) {
    begin(command);
    return finish();
}

} // namespace btrkit
