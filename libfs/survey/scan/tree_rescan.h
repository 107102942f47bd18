// SPDX-License-Identifier: MIT
// A second look at trees that were checked before: the same leaves, nothing counted, nothing reported.
#pragma once

#include "libfs/survey/scan/block_scan.h"

namespace btrkit::survey {

/// Calls visit(leaf) for every readable leaf of a tree, in key order, in one thread.
using LeafFunction = std::function<void(const LeafVisit&)>;
void rescan_leaves(Survey& survey, const ScanRoot& root, const LeafFunction& visit);

/// The same for several trees, but each distinct leaf once; and tells the sink about every reference that they hold.
void rescan_references(Survey& survey, std::span<const ScanRoot> roots, bool shares, SparseBits& visited,
                       ReferenceSink& sink);

} // namespace btrkit::survey
