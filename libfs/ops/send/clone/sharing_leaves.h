// SPDX-License-Identifier: MIT
// The leaves that refer to an extent, and the places of the bytes in question there, in the kernel's order.
#pragma once

#include "libfs/ops/send/clone/candidates.h"
#include "libfs/ops/send/clone/known_roots.h"
#include "libfs/ops/send/clone/named_trees.h"
#include "libfs/ops/send/clone/references.h"

#include <map>

namespace btrkit::send::clone {

struct SharingLeaf {
    u64 address = 0;
    std::vector<Place> places; ///< may be empty
};

/// Places in leaves whose roots are known already are offered as candidates as soon as they are found: the kernel's
/// shortcut, which may end the search early with another choice than the full way.
class SharingLeaves {
public:
    SharingLeaves(BlockCache& cache, NamedTrees& trees, KnownRoots& known, Candidates& candidates)
        : cache_(&cache), trees_(&trees), known_(&known), candidates_(&candidates) {}

    /// True: a candidate was found that can't become better.
    bool find(const CloneQuery& query, const References& references, WorkBudget& work);
    /// What find() has found, if it has not ended the search. Leaves that hold the extent by themselves, by address;
    /// then those of the references from files, by reference and address; each where it came first.
    std::span<const SharingLeaf> leaves() const { return leaves_; }

private:
    /// By the leaf's address.
    using LeafPlaces = std::map<u64, std::vector<Place>>;

    bool search_file(const FileReference& reference, LeafPlaces& found);
    bool scan_leaf(u64 address, std::vector<Place>& places);
    bool is_passed_over(const FileReference& reference, const TreeBlock& leaf) const;
    bool offer_early(u64 leaf, const Place& place);
    std::optional<Place> place_of(const btrfs::Key& key, Bytes item) const;
    void append(u64 leaf, std::vector<Place> places);

    BlockCache* cache_;
    NamedTrees* trees_;
    KnownRoots* known_;
    Candidates* candidates_;

    // Of the search that is going on.
    CloneQuery query_;
    const References* references_ = nullptr;
    WorkBudget* work_ = nullptr;
    std::vector<SharingLeaf> leaves_;
    std::unordered_map<u64, std::size_t> numbers_; ///< in leaves_, by address
};

} // namespace btrkit::send::clone
