// SPDX-License-Identifier: MIT
#include "libfs/ops/check/verdict.h"

namespace btrkit::check {

Mountability judge_mountability(const Findings&, const Filesystem&) {
    return {};
}

Mountability judge_unopened(const Findings&) {
    return {.state = Mountable::refused, .reason = "no superblock is valid"};
}

} // namespace btrkit::check
