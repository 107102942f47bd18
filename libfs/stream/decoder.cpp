// SPDX-License-Identifier: MIT
#include "libfs/stream/decoder.h"

#include "libfs/stream/command_crc.h"

#include <cassert>

#include <fmt/format.h>

namespace btrkit {

namespace send = btrfs::send;

namespace {

/// Holds any command, and many usual ones, so that few reads and little moving are needed.
constexpr std::size_t buffer_bytes = 512U << 10;
static_assert(buffer_bytes >= std::size_t{2} * send::max_command_bytes(send::newest_version));

/// With its header.
u64 command_bytes(const send::CommandHeader& header) {
    return u64{sizeof(header)} + header.length_bytes;
}

} // namespace

Decoder::Decoder(ByteSource source) : source_(std::move(source)), buffer_(buffer_bytes) {}

std::unexpected<Error> Decoder::failed(ErrorKind kind, const std::string& what, u16 raw_command) {
    std::string place = fmt::format("send stream, byte {}", offset_);
    if (version_ != 0) {
        place += fmt::format(", command {}", commands_ + 1);
        if (const auto* info = send::find_command(raw_command)) {
            place += fmt::format(" ({})", info->name);
        }
    }
    failure_ = Error{kind, fmt::format("{}: {}", place, what)};
    return std::unexpected(*failure_);
}

/// Reads until length bytes are there, or the input ends.
Result<void> Decoder::fill(std::size_t length) {
    assert(length <= buffer_.size());
    if (buffer_.size() - begin_ < length) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= std::exchange(begin_, 0);
    }
    while (end_ - begin_ < length) {
        const auto room = MutableBytes(buffer_).subspan(end_);
        const auto got = source_(room);
        if (!got) {
            return failed(got.error().kind, got.error().message);
        }
        if (*got == 0) {
            break;
        }
        assert(*got <= room.size());
        end_ += *got;
    }
    return {};
}

/// The next length bytes, or fewer where the input ends.
Result<Bytes> Decoder::buffered(std::size_t length) {
    BTRKIT_TRY(fill(length));
    return Bytes(buffer_).subspan(begin_, std::min(length, end_ - begin_));
}

void Decoder::consume(std::size_t length) {
    begin_ += length;
    offset_ += length;
    if (begin_ == end_) {
        begin_ = 0;
        end_ = 0;
    }
}

Result<std::optional<u32>> Decoder::begin_stream() {
    if (failure_) {
        return std::unexpected(*failure_);
    }
    consume(std::exchange(handed_out_, 0));
    assert(version_ == 0);
    return read_stream_header();
}

Result<std::optional<u32>> Decoder::read_stream_header() {
    BTRKIT_TRY_ASSIGN(const auto bytes, buffered(sizeof(send::StreamHeader)));
    if (bytes.empty() && commands_ != 0) {
        return std::nullopt;
    }
    if (bytes.empty()) {
        return failed(ErrorKind::damaged, "there is no stream, the input is empty");
    }
    const auto magic = std::as_bytes(std::span(send::stream_magic));
    const auto there = bytes.first(std::min(bytes.size(), magic.size()));
    if (!std::ranges::equal(there, magic.first(there.size()))) {
        return failed(ErrorKind::damaged, "no send stream begins here (bad magic)");
    }
    const auto* header = view_at<send::StreamHeader>(bytes);
    if (header == nullptr) {
        return failed(ErrorKind::damaged, "the input ends within the header of the stream");
    }
    const u32 version = header->version;
    if (!send::is_known_version(version)) {
        return failed(ErrorKind::unsupported, fmt::format("version {} of send streams is not known ({} to {} are)",
                                                          version, send::oldest_version, send::newest_version));
    }
    consume(sizeof(*header));
    version_ = version;
    return version;
}

Result<StreamCommand> Decoder::next() {
    if (failure_) {
        return std::unexpected(*failure_);
    }
    consume(std::exchange(handed_out_, 0));
    assert(version_ != 0);
    auto command = read_command();
    if (command) {
        ++commands_;
        if (command->command() == send::Command::end) {
            version_ = 0;
        }
    }
    return command;
}

/// The header of the next command, which may say anything, but no size above the limit.
Result<send::CommandHeader> Decoder::peek_header() {
    BTRKIT_TRY_ASSIGN(const auto front, buffered(sizeof(send::CommandHeader)));
    if (front.empty()) {
        return failed(ErrorKind::damaged, "the stream is cut off: it has no end command");
    }
    const auto* header = view_at<send::CommandHeader>(front);
    if (header == nullptr) {
        return failed(ErrorKind::damaged, "the stream is cut off within the header of a command");
    }
    if (const u64 size = command_bytes(*header); size > send::max_command_bytes(version_)) {
        return failed(ErrorKind::damaged,
                      fmt::format("a command of {} bytes, where version {} allows {}", size, version_,
                                  send::max_command_bytes(version_)),
                      header->command);
    }
    return *header;
}

Result<StreamCommand> Decoder::read_command() {
    BTRKIT_TRY_ASSIGN(const auto header, peek_header());
    const auto size = static_cast<std::size_t>(command_bytes(header)); // within the limit: peek_header() has looked
    BTRKIT_TRY_ASSIGN(const auto bytes, buffered(size));
    if (bytes.size() < size) {
        return failed(ErrorKind::damaged,
                      fmt::format("the stream is cut off within a command, after {} of {} bytes", bytes.size(), size),
                      header.command);
    }
    const auto payload = bytes.subspan(sizeof(header));
    if (const u32 crc = command_crc(header, {payload}); crc != header.crc) {
        return failed(ErrorKind::damaged,
                      fmt::format("wrong checksum: {:#010x} is stored, {:#010x} computed", u32{header.crc}, crc),
                      header.command);
    }
    const auto* info = send::find_command(header.command);
    if (info == nullptr || info->since_version > version_) {
        return failed(ErrorKind::damaged, fmt::format("version {} has no command {}", version_, u32{header.command}),
                      header.command);
    }
    handed_out_ = size;
    return take_apart(*info, payload);
}

Result<StreamCommand> Decoder::take_apart(const send::CommandInfo& info, Bytes payload) {
    const auto raw_command = static_cast<u16>(info.command);
    StreamCommand command(info, offset_, commands_ + 1);
    while (!payload.empty()) {
        if (const auto wrong = add_value(command, payload); !wrong.empty()) {
            return failed(ErrorKind::damaged, wrong, raw_command);
        }
    }
    for (const auto& entry : info.attributes()) {
        if (entry.presence == send::Presence::required && !command.has(entry.attribute)) {
            return failed(ErrorKind::damaged, fmt::format("{} is missing", send::attribute_info(entry.attribute).name),
                          raw_command);
        }
    }
    return command;
}

/// Moves one attribute from rest into command; says what is wrong with it, or nothing.
std::string Decoder::add_value(StreamCommand& command, Bytes& rest) const {
    const auto* type = view_at<btrfs::le16>(rest);
    if (type == nullptr) {
        return "a byte is left over behind the last attribute";
    }
    const auto* info = send::find_attribute(*type);
    if (info == nullptr || info->since_version > version_) {
        return fmt::format("version {} has no attribute {}", version_, u32{*type});
    }
    std::size_t header_bytes = sizeof(send::AttributeHeader);
    std::size_t value_bytes = 0;
    if (info->attribute == send::Attribute::data && !send::data_has_length(version_)) {
        header_bytes = sizeof(*type);
        value_bytes = rest.size() - header_bytes;
    } else if (const auto* header = view_at<send::AttributeHeader>(rest)) {
        value_bytes = header->length_bytes;
    } else {
        return fmt::format("the command ends before the length of {}", info->name);
    }
    rest = rest.subspan(header_bytes);
    if (value_bytes > rest.size()) {
        return fmt::format("{} of {} bytes, but the command has {} left", info->name, value_bytes, rest.size());
    }
    const auto value = rest.first(value_bytes);
    rest = rest.subspan(value_bytes);
    return keep_value(command, *info, value);
}

std::string Decoder::keep_value(StreamCommand& command, const send::AttributeInfo& info, Bytes value) {
    if (value.size() < info.min_bytes || value.size() > info.max_bytes) {
        return fmt::format("{} of {} bytes, where {} to {} are possible", info.name, value.size(), info.min_bytes,
                           info.max_bytes);
    }
    if (info.kind == send::ValueKind::text && send::has_misplaced_nul(info.attribute, as_text(value))) {
        return fmt::format("{} holds a NUL", info.name);
    }
    if (command.info().index_of(info.attribute) == command.info().attributes().size()) {
        return fmt::format("{} does not belong to this command", info.name);
    }
    if (command.has(info.attribute)) {
        return fmt::format("{} stands there twice", info.name);
    }
    // Belonging to the command, and each once, they can't be more than there is room for.
    command.values_[command.count_++] = {info.attribute, value};
    return {};
}

} // namespace btrkit
