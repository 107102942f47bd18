// SPDX-License-Identifier: MIT
// Reads send streams from anywhere, whatever bytes they are, in constant memory.
#pragma once

#include "formats/send/stream.h"
#include "libfs/base/error.h"
#include "libfs/stream/stream_command.h"

#include <functional>
#include <string>
#include <vector>

namespace btrkit {

/// Fills bytes from their front and says how many: as few as it likes, but 0 only at the end of its input.
using ByteSource = std::function<Result<std::size_t>(MutableBytes bytes)>;

/// begin_stream(), then next() up to and with `end`; and again, where several streams stand behind one another.
///
/// What is not a whole and sound stream fails with ErrorKind::damaged, or unsupported where its version is unknown, and
/// a message with the place: byte offset, command number and name. What the source fails with gets the place and keeps
/// its kind. After a failure every call fails in the same way.
///
/// Reads ahead: the source is behind the last command that was handed out.
class Decoder {
public:
    explicit Decoder(ByteSource source);

    /// The version of the stream that begins here, or nothing where the input ends. That is a failure too if there was
    /// no stream at all. Only before the first command, or behind an `end`.
    Result<std::optional<u32>> begin_stream();

    /// The next command. The end of the input is a failure: a stream without `end` is not whole. Only between
    /// begin_stream() and `end`.
    Result<StreamCommand> next();

    /// Of what comes next, from where the source began.
    u64 offset() const { return offset_; }
    /// How many commands were handed out.
    u64 commands_read() const { return commands_; }

private:
    Result<Bytes> buffered(std::size_t length);
    Result<void> fill(std::size_t length);
    void consume(std::size_t length);
    std::unexpected<Error> failed(ErrorKind kind, const std::string& what, u16 raw_command = 0);

    Result<std::optional<u32>> read_stream_header();
    Result<btrfs::send::CommandHeader> peek_header();
    Result<StreamCommand> read_command();
    Result<StreamCommand> take_apart(const btrfs::send::CommandInfo& info, Bytes payload);
    std::string add_value(StreamCommand& command, Bytes& rest) const;
    static std::string keep_value(StreamCommand& command, const btrfs::send::AttributeInfo& info, Bytes value);

    ByteSource source_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; ///< what was read, but not yet consumed, is [begin_, end_) of buffer_
    std::size_t end_ = 0;
    std::size_t handed_out_ = 0; ///< bytes of the last command, to be consumed by the next call
    u64 offset_ = 0;
    u64 commands_ = 0;
    u32 version_ = 0; ///< of the stream that is being read, 0 between streams
    std::optional<Error> failure_;
};

} // namespace btrkit
