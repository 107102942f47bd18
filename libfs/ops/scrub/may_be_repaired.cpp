// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/scrub.h"
#include "libfs/volume/only_read.h"

namespace btrkit::scrub {

Result<void> may_be_repaired(const Filesystem& filesystem) {
    const auto why = why_only_read(filesystem.volume());
    return why ? fail(ErrorKind::refused, "not repaired: " + *why) : Result<void>{};
}

} // namespace btrkit::scrub
