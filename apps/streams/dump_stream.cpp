// SPDX-License-Identifier: MIT
#include "apps/streams/dump_stream.h"

#include "apps/common/exit_status.h"
#include "apps/common/stop_signals.h"
#include "apps/streams/stream_input.h"
#include "libfs/base/names.h"
#include "libfs/stream/stream_dump.h"

#include <fmt/format.h>

namespace btrkit::apps {

int dump_stream(const CommandLine& line, Io& io, const std::string& path) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const auto inputs = open_inputs({path}, messages);
    if (!inputs) {
        return inputs.error();
    }
    const auto& input = inputs->front();
    const StopSignals signals;
    if (const auto done = dump_streams(input.source(signals.token()), io.out); !done) {
        // What the host fails with has its own file.
        const bool is_host = done.error().kind == ErrorKind::io;
        messages.error(is_host ? done.error().message
                               : fmt::format("{}: {}", printable(input.name()), done.error().message));
    }
    return messages.exit_status();
}

} // namespace btrkit::apps
