// SPDX-License-Identifier: MIT
// The verbs of btrkit-resize that change something.
#pragma once

#include "apps/changing/change_verb.h"
#include "libfs/ops/resize/resize.h"

namespace btrkit::apps {

/// Of all of them; each verb has some.
struct ResizeFlags {
    std::vector<std::string> operands;
    std::optional<u64> devid;
    bool trim = false;
};

/// A change, and what is done beside it.
struct Resizing {
    resize::Change change;
    bool trim = false;
};

using ResizeVerb = ChangeVerb<ResizeFlags, Resizing>;

std::span<const ResizeVerb> resize_verbs();

} // namespace btrkit::apps
