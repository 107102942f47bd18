// SPDX-License-Identifier: MIT
// Streams from a fuzzer's bytes, with headers and checksums that are right.
#pragma once

#include "libfs/stream/command_crc.h"
#include "tests/support/stream_bytes.h"

namespace btrkit::test {

/// rest: commands, each {number, 2 bytes; length, 2 bytes; payload}.
inline std::string sealed_stream(u32 version, Bytes rest) {
    std::string stream;
    const auto append = [&stream](Bytes bytes) { stream += as_text(bytes); };
    btrfs::send::StreamHeader begin;
    begin.magic = btrfs::send::stream_magic;
    begin.version = version;
    append(as_bytes_of(begin));
    struct Entry {
        btrfs::le16 command;
        btrfs::le16 length;
    };
    while (const auto* entry = view_at<Entry>(rest)) {
        const Bytes payload = clipped(rest, sizeof(Entry), entry->length);
        btrfs::send::CommandHeader header;
        header.length_bytes = static_cast<u32>(payload.size());
        header.command = entry->command;
        header.crc = command_crc(header, {payload});
        append(as_bytes_of(header));
        append(payload);
        rest = rest.subspan(sizeof(Entry) + payload.size());
    }
    return stream;
}

} // namespace btrkit::test
