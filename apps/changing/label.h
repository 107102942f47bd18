// SPDX-License-Identifier: MIT
// What may be the label of a filesystem.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/error.h"

#include <string_view>

#include <fmt/format.h>

namespace btrkit::apps {

/// A label is all that a NUL ends, and the peer takes no line that looks like two. Fails with usage.
inline Result<void> check_label(std::string_view label) {
    if (label.size() >= sizeof(btrfs::Superblock::label)) {
        return fail(ErrorKind::usage, fmt::format("the label has {} bytes, but may have {}", label.size(),
                                                  sizeof(btrfs::Superblock::label) - 1));
    }
    if (label.find('\n') != std::string_view::npos) {
        return fail(ErrorKind::usage, "a label has no newline");
    }
    return {};
}

} // namespace btrkit::apps
