// SPDX-License-Identifier: MIT
// Streams taken apart into commands as they stand there, and put together otherwise.
#pragma once

#include "formats/send/stream.h"
#include "libfs/base/bytes.h"

#include <string>
#include <vector>

namespace btrkit::test {

struct RawStream {
    std::string header;
    std::vector<std::string> commands; ///< each with its header; the last one is `end`

    std::string text() const {
        std::string all = header;
        for (const auto& command : commands) {
            all += command;
        }
        return all;
    }
};

/// Of a sound stream.
inline RawStream take_apart(std::string_view stream) {
    RawStream raw{.header = std::string(stream.substr(0, sizeof(btrfs::send::StreamHeader)))};
    stream.remove_prefix(raw.header.size());
    while (!stream.empty()) {
        const auto* header = view_at<btrfs::send::CommandHeader>(std::as_bytes(std::span(stream)));
        const std::size_t length = sizeof(*header) + header->length_bytes;
        raw.commands.emplace_back(stream.substr(0, length));
        stream.remove_prefix(length);
    }
    return raw;
}

} // namespace btrkit::test
