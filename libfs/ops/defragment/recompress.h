// SPDX-License-Identifier: MIT
// Planned extents packed anew: on all cores, and only where that pays.
//
//  1. Cut each planned extent that is not packed as is wanted into slices.
//  2. On all threads: read a slice, proven by its checksums, unpack it, pack it, make checksums.
//  3. In order: what has become smaller is written to new space, as extents of their own. All else stays in the plan.
//  An
//     extent that is packed already is packed anew as a whole. But where all is to be unpacked, parts of such extents
//     may be in different planned ones, so all of it is written.
#pragma once

#include "libfs/ops/defragment/place_extents.h"

namespace btrkit::defragment {

/// Takes what is packed anew out of the plan, and puts it into the layout. No more than limit_bytes are written. Fails
/// with damaged where data can't be proven or unpacked, with no_space where a slice that can't stay finds no room, with
/// cancelled, and as devices do.
Result<void> recompress(Transaction& transaction, const DataExtents& extents, const JoinRules& rules,
                        std::vector<PlannedExtent>& planned, u64 limit_bytes, Placed& placed,
                        const RunContext& context);

} // namespace btrkit::defragment
