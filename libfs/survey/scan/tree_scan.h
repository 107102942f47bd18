// SPDX-License-Identifier: MIT
// Every block of a tree, once: read in large runs on all cores, all copies of it compared, its items checked, and what
// it refers to summed up. Whoever wants a tree's items gets them here, leaf by leaf in key order.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

/// What a visitor makes of a leaf, on its way from the many threads to the one.
struct LeafResult {
    LeafResult() = default;
    LeafResult(const LeafResult&) = delete;
    LeafResult& operator=(const LeafResult&) = delete;
    virtual ~LeafResult() = default;
};

/// A leaf as a visitor sees it. The block lives until finish() of that leaf returns.
struct LeafVisit {
    const Promise& promise;
    const TreeBlock& block;
    u64 tree;

    Place place(u32 slot) const {
        return {.logical = promise.address, .tree = tree, .slot = slot, .key = block.key(slot)};
    }
};

class LeafVisitor {
public:
    LeafVisitor() = default;
    LeafVisitor(const LeafVisitor&) = delete;
    LeafVisitor& operator=(const LeafVisitor&) = delete;
    virtual ~LeafVisitor() = default;

    /// Several at once, in any order. Only for what is dear; problems come in order when they are handed back.
    virtual std::unique_ptr<LeafResult> work(const LeafVisit& /*leaf*/, Problems& /*problems*/) { return nullptr; }
    /// One at a time, in key order. result is what work() made of this leaf.
    virtual void finish(const LeafVisit& leaf, LeafResult* result) = 0;
    /// In key order with finish(): the keys from promise.first_key (nothing: from the tree's first key) up to
    /// promise.end (nothing: to the last) can't be read. It has been reported.
    virtual void lost(const Promise& /*promise*/) {}
};

/// Scans a tree that shares no blocks with others. False where something of it was lost.
bool scan_tree(Survey& survey, const TreeRoot& root, LeafVisitor& visitor);

/// scan_tree for small trees: every item, in one thread, in key order.
using ItemVisitor = std::function<void(const btrfs::Key& key, Bytes body, const Place& place)>;
bool scan_items(Survey& survey, const TreeRoot& root, const ItemVisitor& visit);

} // namespace btrkit::survey
