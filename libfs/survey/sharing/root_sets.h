// SPDX-License-Identifier: MIT
// Sets of subvolumes, each kept once: very many extents are shared by rather few different sets.
#pragma once

#include "libfs/base/address.h"

#include <span>
#include <unordered_map>
#include <vector>

namespace btrkit::survey {

/// Subvolumes are numbers from 0 to root_count - 1. A set is a binary tree over the words of its bits in which equal
/// parts are the same part: sets that differ little cost little, whatever their size.
class RootSets {
public:
    using Id = u32;
    static constexpr Id empty = 0;

    /// part_limit: beyond that, sets are no longer told apart, and has_overflowed() says so.
    RootSets(u32 root_count, std::size_t part_limit);

    Id single(u32 root);
    Id unite(Id a, Id b);
    /// Of any number of sets; unlike unite() of one after the other it makes no sets on the way that nobody asked for.
    Id unite_all(std::vector<Id> sets);
    /// Whether it has one member and no more.
    bool is_single(Id set) const;
    bool has_overflowed() const { return has_overflowed_; }
    /// All ids are below.
    std::size_t part_count() const { return parts_.size(); }
    /// Of each set by its id.
    std::vector<u32> member_counts() const;
    /// Of each set by its id.
    struct Comparison {
        std::vector<bool> meets;  ///< whether it has something in common with that one
        std::vector<bool> within; ///< whether it has nothing that this one has not
    };
    Comparison compare_all(Id with) const;
    std::vector<u32> members(Id set) const;
    /// weights: of each set by its id. Returns of each root the sum of the weights of the sets that have it.
    std::vector<u64> sum_by_root(std::vector<u64> weights) const;

private:
    /// A word of bits, or two parts of which one at least is not empty.
    struct Part {
        bool is_word = false;
        u32 position = 0; ///< of a word: its first bit is root number position * 64
        u64 value = 0;    ///< the bits, or the two ids

        Id left() const { return static_cast<Id>(value >> 32); }
        Id right() const { return static_cast<Id>(value); }
        friend bool operator==(const Part&, const Part&) = default;
    };
    struct PartHash {
        std::size_t operator()(const Part& part) const;
    };
    struct Union {
        Id a = empty;
        Id b = empty;
        Id result = empty;
    };

    Id intern(const Part& part);
    std::vector<u64> words(Id set) const;
    Id single(u32 root, unsigned height);

    unsigned height_ = 0; ///< parts above a word
    u32 root_count_;
    std::size_t part_limit_;
    std::vector<Part> parts_;
    std::unordered_map<Part, Id, PartHash> ids_;
    std::vector<Union> unions_; ///< those made last, by a hash of their parts
    bool has_overflowed_ = false;
};

} // namespace btrkit::survey
