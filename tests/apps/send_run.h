// SPDX-License-Identifier: MIT
// btrkit-send called in process, and streams taken apart.
#pragma once

#include "apps/send/send.h"
#include "libfs/stream/decoder.h"
#include "tests/apps/made_image.h"

#include <cstring>

namespace btrkit::test {

inline ToolRun send(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_send, arguments);
}

struct SentStream {
    u32 version = 0;
    std::vector<std::string> commands; ///< "write deep/data": names and paths, or nothing
    bool is_whole = false;

    std::size_t count(std::string_view command) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(commands, [&](const std::string& one) { return one.starts_with(command); }));
    }
};

/// All that stand behind one another, up to the first that is not whole.
inline std::vector<SentStream> decode_streams(std::string_view bytes) {
    Decoder decoder([&bytes](MutableBytes into) -> Result<std::size_t> {
        const std::size_t length = std::min(into.size(), bytes.size());
        std::memcpy(into.data(), bytes.data(), length);
        bytes.remove_prefix(length);
        return length;
    });
    std::vector<SentStream> streams;
    for (auto version = decoder.begin_stream(); version && *version; version = decoder.begin_stream()) {
        auto& stream = streams.emplace_back(SentStream{.version = **version, .commands = {}});
        while (!stream.is_whole) {
            const auto command = decoder.next();
            if (!command) {
                return streams;
            }
            const std::string path(command->text(btrfs::send::Attribute::path));
            stream.commands.push_back(std::string(command->info().name) + (path.empty() ? "" : " ") + path);
            stream.is_whole = command->command() == btrfs::send::Command::end;
        }
    }
    return streams;
}

inline SentStream decode_stream(std::string_view bytes) {
    auto streams = decode_streams(bytes);
    REQUIRE(streams.size() == 1);
    return std::move(streams.front());
}

} // namespace btrkit::test
