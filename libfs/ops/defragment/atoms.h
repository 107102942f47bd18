// SPDX-License-Identifier: MIT
// Extents cut wherever anybody's view of them begins or ends, and which of these atoms stay together.
//
// An atom goes on in another one if everyone who sees the end of the one sees the other one behind it, and nobody sees
// the other one without it. Atoms of one extent which somebody sees together stay together, too, whatever others see:
// to part them would cut that view in two. But they are parted where the subvolume that comes first sees only one of
// them: what was overwritten there since a snapshot makes way for what is there now. What nobody sees is in no atom.
#pragma once

#include "libfs/fs/compression.h"
#include "libfs/ops/defragment/uses.h"

#include <optional>

namespace btrkit::defragment {

struct Atom {
    static constexpr u32 none = ~u32{0};

    u32 extent = 0;
    u32 next = none; ///< the atom that goes on behind it
    u32 previous = none;
    u64 begin = 0; ///< in the extent, unpacked
    u64 end = 0;
    bool runs_on = false; ///< whoever sees its end sees the next one
};

/// An atom where the scan of files has first come to it.
struct FirstSeen {
    u32 atom = 0;
    u32 file = 0;
};

/// What may be cut and joined beyond what always may.
struct JoinRules {
    bool joins_owners = true; ///< also extents that count for different subvolumes
    bool keeps_views = false; ///< what anybody sees as one is never parted
    /// Extents are packed anew, so that it doesn't matter how they are packed now. none: they are unpacked.
    std::optional<CompressionMethod> recompress = {};
};

/// Whether it is packed in another way than the rules want it to be.
bool is_recompressed(const DataExtent& extent, const JoinRules& rules);

struct Atoms {
    std::vector<Atom> atoms; ///< by extent and offset
    std::vector<FirstSeen> seen;
};

/// Extents that must stay as they are (DataExtent) are one atom each.
Atoms cut_into_atoms(const DataExtents& extents, const Uses& uses, const JoinRules& rules);

/// Whether an extent may be cut.
bool may_be_cut(const DataExtent& extent, const JoinRules& rules);

} // namespace btrkit::defragment
