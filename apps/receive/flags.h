// SPDX-License-Identifier: MIT
#pragma once

#include "apps/changing/write_flags.h"
#include "libfs/ops/receive/receive.h"

namespace btrkit::apps {

struct ReceiveFlags {
    enum class Work {
        receive,
        dump,  ///< print the stream
        verify ///< tell whether the streams are sound
    };

    Work work = Work::receive;
    WriteFlags write;
    std::vector<std::string> files;   ///< of streams; "-" is standard input
    receive::Options receive;         ///< what the options say of it
    bool creates = false;             ///< the filesystem is made first
    std::optional<u64> created_bytes; ///< its size; nothing: as large as the streams need
};

/// nullopt: go on. Otherwise help, version or what is wrong was printed, and this is the exit status.
std::optional<int> read_receive_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                      ReceiveFlags& flags);

} // namespace btrkit::apps
