// SPDX-License-Identifier: MIT
// Writes a send stream, command by command, in constant memory.
#pragma once

#include "formats/send/commands.h"
#include "formats/send/stream.h"
#include "libfs/base/bytes.h"
#include "libfs/base/output_sink.h"

#include <string>
#include <vector>

namespace btrkit {

/// begin(), the command's attributes in the order of formats/send/commands.h, finish(). The caller decides what makes a
/// whole stream: a header first, `end` last.
///
/// A missing attribute, one that is not the command's or out of order, or an integer too wide for it, is a bug. A value
/// that no stream can hold (a path that is too long, a name with a NUL, more than fits a command) is not: finish() then
/// fails with ErrorKind::unsupported, writes nothing of that command, and the next may begin.
///
/// A command is one write_all() of the sink: all but the bytes of DATA, which are a second part where there are any.
class Encoder {
public:
    /// The sink must outlive the encoder. version is a known one.
    Encoder(u32 version, OutputSink& sink) : Encoder(version, &sink) {}

    /// Writes nowhere and computes no checksum, but counts and checks as if it did: for a stream's exact size.
    static Encoder counting(u32 version) { return {version, nullptr}; }

    u32 version() const { return version_; }
    bool is_counting() const { return sink_ == nullptr; }

    /// Bytes of all that was written, or would have been.
    u64 bytes_written() const { return bytes_written_; }

    Result<void> write_stream_header();

    void begin(btrfs::send::Command command);
    void put_integer(btrfs::send::Attribute attribute, u64 value);
    void put_text(btrfs::send::Attribute attribute, std::string_view text);
    void put_uuid(btrfs::send::Attribute attribute, const btrfs::Uuid& uuid);
    void put_time(btrfs::send::Attribute attribute, const btrfs::Timespec& time);
    /// DATA is not copied: its bytes must stay until finish().
    void put_data(btrfs::send::Attribute attribute, Bytes data);
    /// DATA of so many bytes that nobody has read. Only when counting.
    void put_data_length(u64 length_bytes);

    Result<void> finish();

    /// begin() and finish() for commands without attributes.
    Result<void> put_command(btrfs::send::Command command);

private:
    Encoder(u32 version, OutputSink* sink);

    const btrfs::send::AttributeInfo& expect(btrfs::send::Attribute attribute, btrfs::send::ValueKind kind);
    bool fits(const btrfs::send::AttributeInfo& info, u64 value_bytes);
    void refuse(std::string why);
    void append(Bytes bytes);
    void append_value(const btrfs::send::AttributeInfo& info, Bytes value);
    void begin_data(u64 length_bytes);
    Result<void> write(Bytes head, Bytes data = {});

    u32 version_;
    OutputSink* sink_;
    u64 bytes_written_ = 0;

    // The command that was begun; all of it is forgotten by finish().
    const btrfs::send::CommandInfo* command_ = nullptr;
    std::size_t next_attribute_ = 0; ///< in command_->attributes()
    std::vector<std::byte> buffer_;  ///< header and payload, but for the bytes of DATA; keeps its room
    u64 data_bytes_ = 0;             ///< of DATA
    Bytes data_;                     ///< DATA; nothing where it was only counted
    std::string refusal_;
};

} // namespace btrkit
