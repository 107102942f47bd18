// SPDX-License-Identifier: MIT
// What an extent item and the keyed references behind it record.
#pragma once

#include "libfs/space/extent_item.h"
#include "libfs/survey/scan/references.h"
#include "libfs/tree/extent_ref.h"

namespace btrkit::check {

/// Hands on the inline references of an extent item. Returns how many references they stand for.
u64 record_inline_refs(const Extent& extent, const btrfs::Key& key, Bytes body, survey::ReferenceSink& sink);

/// The same for an item that is references to that extent itself.
u64 record_keyed_refs(const Extent& extent, const btrfs::Key& key, Bytes body, survey::ReferenceSink& sink);

/// That the extent item is there, and what that of a tree block says about the block itself.
void record_item(const Extent& extent, survey::ReferenceSink& sink);

} // namespace btrkit::check
