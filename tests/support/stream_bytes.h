// SPDX-License-Identifier: MIT
// Send streams in memory: as a source, and put together again from what a decoder makes of them.
#pragma once

#include "libfs/stream/decoder.h"
#include "libfs/stream/encoder.h"
#include "libfs/stream/stream_source.h"

namespace btrkit::test {

/// Hands out bytes, which must outlive it, at most so many at once.
inline ByteSource source_of(std::string_view bytes, std::size_t at_once = std::string_view::npos) {
    return [bytes, at_once](MutableBytes room) mutable -> Result<std::size_t> {
        const auto length = std::min({room.size(), bytes.size(), at_once});
        std::ranges::copy(std::as_bytes(std::span(bytes.substr(0, length))), room.begin());
        bytes.remove_prefix(length);
        return length;
    };
}

/// The same from any place.
inline ByteSourceAt source_at(std::string_view bytes) {
    return [bytes](u64 offset, MutableBytes room) -> Result<std::size_t> {
        const auto rest = bytes.substr(std::min<u64>(offset, bytes.size()));
        const auto length = std::min(room.size(), rest.size());
        std::ranges::copy(std::as_bytes(std::span(rest.substr(0, length))), room.begin());
        return length;
    };
}

/// Puts all values of command into what encoder began.
inline void put_values(Encoder& encoder, const StreamCommand& command) {
    for (const auto& value : command.values()) {
        switch (btrfs::send::attribute_info(value.attribute).kind) {
        case btrfs::send::ValueKind::integer:
            encoder.put_integer(value.attribute, command.integer(value.attribute));
            break;
        case btrfs::send::ValueKind::uuid: encoder.put_uuid(value.attribute, command.uuid(value.attribute)); break;
        case btrfs::send::ValueKind::timespec: encoder.put_time(value.attribute, command.time(value.attribute)); break;
        case btrfs::send::ValueKind::text: encoder.put_text(value.attribute, command.text(value.attribute)); break;
        case btrfs::send::ValueKind::data: encoder.put_data(value.attribute, value.bytes); break;
        }
    }
}

/// Decodes all streams of source and encodes them anew into sink: the same bytes, if attributes come in the kernel's
/// order. Also counts them with an encoder that only counts, and fails where that comes to another size.
inline Result<void> encode_again(ByteSource source, OutputSink& sink) {
    Decoder decoder(std::move(source));
    u64 written = 0;
    u64 counted = 0;
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto version, decoder.begin_stream());
        if (!version) {
            return written == counted ? Result<void>{} : fail(ErrorKind::damaged, "counted and written sizes differ");
        }
        Encoder encoder(*version, sink);
        auto counter = Encoder::counting(*version);
        auto done = encoder.write_stream_header();
        static_cast<void>(counter.write_stream_header());
        for (bool more = true; done && more;) {
            BTRKIT_TRY_ASSIGN(const auto command, decoder.next());
            for (auto* each : {&encoder, &counter}) {
                each->begin(command.command());
                put_values(*each, command);
                if (auto finished = each->finish(); !finished) {
                    done = finished;
                }
            }
            more = command.command() != btrfs::send::Command::end;
        }
        if (!done) {
            return done;
        }
        written += encoder.bytes_written();
        counted += counter.bytes_written();
    }
}

} // namespace btrkit::test
