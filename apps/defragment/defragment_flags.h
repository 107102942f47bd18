// SPDX-License-Identifier: MIT
// What btrkit-defragment is asked for. Options of the peer keep their spelling and meaning.
#pragma once

#include "apps/changing/change_image.h"
#include "libfs/ops/defragment/defragment.h"

namespace btrkit::apps {

struct DefragmentFlags {
    WriteFlags write;
    defragment::Options options; ///< without what WriteFlags say
};

/// nullopt: go on. Otherwise this is the exit status.
std::optional<int> read_defragment_flags(CommandLine& line, std::span<const std::string> arguments, Io& io,
                                         DefragmentFlags& flags);

} // namespace btrkit::apps
