// SPDX-License-Identifier: MIT
// What is remembered of leaves whose roots were looked for. Not only to be quick: which of equally good sources the
// kernel finds first depends on what it remembers, so this remembers exactly as much.
#pragma once

#include "libfs/base/address.h"

#include <list>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace btrkit::send::clone {

class KnownRoots {
public:
    /// Nothing: not known. The list lives until the next remember().
    std::optional<std::span<const u64>> find(u64 leaf) {
        const auto place = by_leaf_.find(leaf);
        if (place == by_leaf_.end()) {
            return std::nullopt;
        }
        entries_.splice(entries_.begin(), entries_, place->second);
        return place->second->roots;
    }

    /// roots: in the order of discovery, only those that may be cloned from. Needs a leaf that is not known. Leaves
    /// with too many roots are not remembered.
    void remember(u64 leaf, std::span<const u64> roots) {
        if (roots.size() > most_roots) {
            return;
        }
        if (entries_.size() >= most_leaves) {
            by_leaf_.erase(entries_.back().leaf);
            entries_.pop_back();
        }
        entries_.push_front({.leaf = leaf, .roots = {roots.begin(), roots.end()}});
        by_leaf_.emplace(leaf, entries_.begin());
    }

private:
    static constexpr std::size_t most_leaves = 128;
    static constexpr std::size_t most_roots = 17;

    struct Entry {
        u64 leaf;
        std::vector<u64> roots;
    };

    std::list<Entry> entries_; ///< the most recently used one first
    std::unordered_map<u64, std::list<Entry>::iterator> by_leaf_;
};

} // namespace btrkit::send::clone
