// SPDX-License-Identifier: MIT
// Streams for tests: by the encoder where they are sound, from raw bytes with a right checksum where they must not be.
#pragma once

#include "libfs/stream/command_crc.h"
#include "libfs/stream/encoder.h"
#include "tests/support/stream_bytes.h"

#include <string>

#include <doctest/doctest.h>

namespace btrkit::test {

namespace send = btrfs::send;
using A = send::Attribute;
using C = send::Command;

inline Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

template <class T>
std::string raw(const T& value) {
    return std::string(as_text(as_bytes_of(value)));
}

inline std::string header_of(u32 version) {
    return raw(send::StreamHeader{send::stream_magic, version});
}

/// An attribute with whatever length it has, as all are written but DATA from version 2 on.
inline std::string attribute(u16 type, std::string_view value) {
    return raw(send::AttributeHeader{type, static_cast<u16>(value.size())}) + std::string(value);
}
inline std::string attribute(A which, std::string_view value) {
    return attribute(static_cast<u16>(which), value);
}
inline std::string integer(A which, u64 value) {
    return attribute(which, raw(btrfs::le64{value}));
}
inline std::string data_without_length(std::string_view value) {
    return raw(btrfs::le16{static_cast<u16>(A::data)}) + std::string(value);
}

/// Any payload under a header that fits it.
inline std::string command(u16 number, std::string_view payload) {
    send::CommandHeader header{static_cast<u32>(payload.size()), number, 0};
    header.crc = command_crc(header, {bytes_of(payload)});
    return raw(header) + std::string(payload);
}
inline std::string command(C which, std::string_view payload) {
    return command(static_cast<u16>(which), payload);
}

/// A value that is not like that of any other attribute, of the size that an attribute has or may have.
inline std::string sample_value(const send::AttributeInfo& info) {
    const std::size_t size = std::min(info.max_bytes, info.min_bytes + 11U);
    const std::size_t length = info.kind == send::ValueKind::integer ? info.max_bytes : std::max<u64>(size, 1);
    std::string value(length, static_cast<char>('A' + static_cast<int>(info.attribute)));
    value.back() = '!';
    return value;
}

/// Puts a sample of the attribute.
inline void put_sample(Encoder& encoder, A which) {
    const auto& info = send::attribute_info(which);
    const auto value = sample_value(info);
    switch (info.kind) {
    case send::ValueKind::integer: {
        btrfs::le64 number;
        std::ranges::copy(bytes_of(value), std::as_writable_bytes(std::span(&number, 1)).begin());
        encoder.put_integer(which, number);
        break;
    }
    case send::ValueKind::uuid: encoder.put_uuid(which, *view_at<btrfs::Uuid>(bytes_of(value))); break;
    case send::ValueKind::timespec: encoder.put_time(which, *view_at<btrfs::Timespec>(bytes_of(value))); break;
    case send::ValueKind::text: encoder.put_text(which, value); break;
    case send::ValueKind::data: {
        static const std::string kept(12, 'd'); // DATA is not copied
        encoder.put_data(which, bytes_of(which == A::data ? std::string_view(kept) : value));
        break;
    }
    }
}

/// A stream of every command that the version has, `end` last.
inline std::string every_command(u32 version) {
    StringSink sink;
    Encoder encoder(version, sink);
    REQUIRE(encoder.write_stream_header());
    for (const auto& info : send::commands) {
        if (info.since_version > version || info.command == C::end) {
            continue;
        }
        encoder.begin(info.command);
        for (const auto& entry : info.attributes()) {
            if (entry.presence != send::Presence::newer || version >= 2) {
                put_sample(encoder, entry.attribute);
            }
        }
        REQUIRE(encoder.finish());
    }
    REQUIRE(encoder.put_command(C::end));
    REQUIRE(encoder.bytes_written() == sink.text().size());
    return sink.text();
}

/// Reads all of it and says what went wrong, or nothing.
inline std::string decode_error(std::string_view stream, std::size_t at_once = std::string_view::npos) {
    Decoder decoder(source_of(stream, at_once));
    for (;;) {
        const auto version = decoder.begin_stream();
        if (!version) {
            return version.error().message;
        }
        if (!*version) {
            return {};
        }
        for (bool more = true; more;) {
            const auto command = decoder.next();
            if (!command) {
                CHECK(decoder.next().error().message == command.error().message); // stays failed
                return command.error().message;
            }
            more = command->command() != C::end;
        }
    }
}

} // namespace btrkit::test
