// SPDX-License-Identifier: MIT
// Send streams as text, a line a command, as `btrfs receive --dump` prints them.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/text_buffer.h"
#include "libfs/stream/decoder.h"

#include <string>

namespace btrkit {

/// Knows which subvolume the commands before were for, so it must see them all, in order.
///
/// Everything that comes from the stream is escaped; the peer leaves some of it as it is (names and values of extended
/// attributes, where clones come from). Times are the host's local ones.
class StreamDump {
public:
    /// One line; none for `end`, which has none in the peer either.
    void put(TextBuffer& out, const StreamCommand& command);

private:
    std::string subvolume_; ///< "./NAME/", or empty before the first
};

/// Writes all streams that source holds. Fails as Decoder does; out then has all commands before.
Result<void> dump_streams(ByteSource source, OutputSink& out);

} // namespace btrkit
