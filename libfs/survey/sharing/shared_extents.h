// SPDX-License-Identifier: MIT
// Extents and which subvolumes reach them, gathered in bounded memory.
#pragma once

#include "libfs/survey/sharing/root_sets.h"

namespace btrkit::survey {

/// A tree block or a data extent.
struct SharedExtent {
    u64 address = 0;
    u64 detail = 0;                       ///< of a tree block its generation, of data its length in bytes
    RootSets::Id roots = RootSets::empty; ///< who reaches it
    RootSets::Id below = RootSets::empty; ///< of a node: who reaches, through it, what is below
};

/// Those with addresses in [from, end()), each once, with all that reach it. Where they don't fit, the end comes
/// nearer: whoever wants the rest starts again from there.
class SharedExtents {
public:
    static constexpr u64 no_end = ~u64{0};

    /// most: to be kept, at least 2.
    SharedExtents(RootSets& sets, std::size_t most, u64 from = 0) : sets_(&sets), most_(most), from_(from) {}
    /// Keeps all.
    explicit SharedExtents(RootSets& sets) : SharedExtents(sets, first_merge) { keeps_all_ = true; }

    void add(const SharedExtent& extent);
    /// In order of their addresses.
    std::span<const SharedExtent> settled();
    /// After settled().
    u64 end() const { return end_; }

private:
    static constexpr std::size_t first_merge = 4096;

    SharedExtent united(std::span<const SharedExtent> same) const;
    void merge();
    void make_room();

    RootSets* sets_;
    std::size_t most_;
    u64 from_;
    bool keeps_all_ = false;
    u64 end_ = no_end;
    std::vector<SharedExtent> extents_;
    std::size_t merged_ = 0; ///< so many are sorted, and each once
};

} // namespace btrkit::survey
