// SPDX-License-Identifier: MIT
// Lost nodes, each with those of its children that the extent tree knows of.
#pragma once

#include "libfs/ops/repair/lost/rejoin_nodes.h"
#include "libfs/space/extent_item.h"
#include "libfs/tree/extent_ref.h"

#include <deque>
#include <map>

namespace btrkit::repair {

struct Child {
    Logical address;
    u64 generation = 0;
    btrfs::Key last_key;
};

/// A lost node, and what is known of its children. Or several: lost children of one lost node, which nothing tells
/// apart.
struct Family {
    std::vector<LostBlock> nodes;
    Family* parent = nullptr;             ///< the one of that lost node
    std::map<btrfs::Key, Child> children; ///< by first key
    std::map<u64, LostBlock> lost_nodes;  ///< children of which nothing is left, by address
    Siblings known = Siblings::all;

    const LostBlock& first() const { return nodes.front(); }
    u8 level() const { return first().level(); }

    bool holds(const BlockFacts& facts) const {
        const auto& promise = first().promise;
        return (!promise.first_key || *promise.first_key <= facts.first_key) &&
               (!promise.end || facts.last_key < *promise.end) &&
               (parent == nullptr || (parent->holds(facts) && !parent->has_child_at(facts)));
    }

private:
    /// Whether a child that is not lost has the keys.
    bool has_child_at(const BlockFacts& facts) const {
        auto behind = children.upper_bound(facts.first_key);
        return behind != children.begin() && facts.first_key <= std::prev(behind)->second.last_key;
    }
};

class Families {
public:
    Families(const Filesystem& filesystem, std::span<const LostBlock> lost);

    bool empty() const { return families_.empty(); }
    /// Those that came first stand first.
    std::deque<Family>& all() { return families_; }

    /// A block that somebody refers to.
    void add(const Extent& extent, const ExtentRef& ref);
    /// From now on children of these lost nodes' lost nodes are asked for, and of no others. False where there are
    /// none.
    bool go_down();

private:
    void add(Family family);
    void add_to(std::span<Family* const> families, const Extent& extent);
    void add_lost(Family& family, Promise promise) const;
    std::optional<BlockFacts> likely_facts(const Promise& promise) const;

    const Filesystem* filesystem_;
    std::vector<LostBlock> found_; ///< nodes that somebody points to
    std::deque<Family> families_;
    std::size_t first_new_ = 0;
    std::map<u64, Family*> by_address_;
    std::multimap<std::pair<u64, u8>, Family*> by_owner_;
};

} // namespace btrkit::repair
