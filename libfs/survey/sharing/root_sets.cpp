// SPDX-License-Identifier: MIT
#include "libfs/survey/sharing/root_sets.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace btrkit::survey {

namespace {

constexpr u32 word_bits = 64;
constexpr std::size_t union_slots = std::size_t{1} << 14;

constexpr u64 mix(u64 value) {
    value *= 0x9e3779b97f4a7c15;
    return value ^ (value >> 32);
}

} // namespace

std::size_t RootSets::PartHash::operator()(const Part& part) const {
    return mix(part.value + (u64{part.position} << 1 | (part.is_word ? 1 : 0)) * 0xc2b2ae3d27d4eb4f);
}

RootSets::RootSets(u32 root_count, std::size_t part_limit)
    : root_count_(root_count), part_limit_(part_limit), parts_(1), unions_(union_slots) {
    while ((u64{word_bits} << height_) < root_count) {
        ++height_;
    }
}

RootSets::Id RootSets::intern(const Part& part) {
    const auto known = ids_.find(part);
    if (known != ids_.end()) {
        return known->second;
    }
    if (parts_.size() >= part_limit_) {
        has_overflowed_ = true;
        return empty;
    }
    const auto id = static_cast<Id>(parts_.size());
    parts_.push_back(part);
    ids_.emplace(part, id);
    return id;
}

RootSets::Id RootSets::single(u32 root) {
    return single(root, height_);
}

RootSets::Id RootSets::single(u32 root, unsigned height) {
    const u32 word = root / word_bits;
    Id id = intern({.is_word = true, .position = word, .value = u64{1} << (root % word_bits)});
    for (unsigned level = 0; level < height; ++level) {
        const bool is_right = (word >> level & 1) != 0;
        id = intern({.value = is_right ? u64{id} : u64{id} << 32});
    }
    return id;
}

/// Goes as deep as the trees of parts are high: a level for each doubling of the number of roots.
RootSets::Id RootSets::unite(Id a, Id b) {
    if (a == b || b == empty) {
        return a;
    }
    if (a == empty) {
        return b;
    }
    if (a > b) {
        std::swap(a, b);
    }
    const std::size_t slot = mix(u64{a} << 32 | b) % union_slots;
    if (unions_[slot].a == a && unions_[slot].b == b) {
        return unions_[slot].result;
    }
    const Part one = parts_[a];
    const Part other = parts_[b];
    Id result = empty;
    if (one.is_word) {
        result = intern({.is_word = true, .position = one.position, .value = one.value | other.value});
    } else {
        const u64 left = unite(one.left(), other.left());
        const u64 right = unite(one.right(), other.right());
        result = intern({.value = left << 32 | right});
    }
    unions_[slot] = {.a = a, .b = b, .result = result};
    return result;
}

/// Goes as deep as unite().
RootSets::Id RootSets::unite_all(std::vector<Id> sets) {
    std::ranges::sort(sets);
    const auto again = std::ranges::unique(sets);
    sets.erase(again.begin(), again.end());
    std::erase(sets, empty);
    if (sets.size() <= 2) {
        return unite(sets.empty() ? empty : sets.front(), sets.empty() ? empty : sets.back());
    }
    Part all = parts_[sets.front()];
    if (all.is_word) {
        for (const Id set : sets) {
            all.value |= parts_[set].value;
        }
        return intern(all);
    }
    std::vector<Id> left;
    std::vector<Id> right;
    for (const Id set : sets) {
        left.push_back(parts_[set].left());
        right.push_back(parts_[set].right());
    }
    const u64 left_id = unite_all(std::move(left));
    const u64 right_id = unite_all(std::move(right));
    return intern({.value = left_id << 32 | right_id});
}

bool RootSets::is_single(Id set) const {
    while (!parts_[set].is_word) {
        const Part& part = parts_[set];
        if ((part.left() != empty) == (part.right() != empty)) {
            return false; // both, or (the empty set) neither
        }
        set = part.left() != empty ? part.left() : part.right();
    }
    return std::has_single_bit(parts_[set].value);
}

/// The set as plain bits.
std::vector<u64> RootSets::words(Id set) const {
    std::vector<u64> bits((u64{root_count_} + word_bits - 1) / word_bits);
    std::vector<Id> open = {set};
    while (!open.empty()) {
        const Part part = parts_[open.back()];
        open.pop_back();
        if (part.is_word) {
            bits[part.position] = part.value;
            continue;
        }
        for (const Id half : {part.left(), part.right()}) {
            if (half != empty) {
                open.push_back(half);
            }
        }
    }
    return bits;
}

std::vector<u32> RootSets::members(Id set) const {
    std::vector<u32> found;
    const auto bits = words(set);
    for (u32 position = 0; position < bits.size(); ++position) {
        for (u64 word = bits[position]; word != 0; word &= word - 1) {
            found.push_back(position * word_bits + static_cast<u32>(std::countr_zero(word)));
        }
    }
    return found;
}

RootSets::Comparison RootSets::compare_all(Id with) const {
    const auto bits = words(with);
    Comparison result{.meets = std::vector<bool>(parts_.size()), .within = std::vector<bool>(parts_.size(), true)};
    for (Id id = 1; id < parts_.size(); ++id) { // a part is younger than what it is made of
        const Part& part = parts_[id];
        const Id left = part.left();
        const Id right = part.right();
        if (part.is_word) {
            result.meets[id] = (part.value & bits[part.position]) != 0;
            result.within[id] = (part.value & ~bits[part.position]) == 0;
        } else {
            result.meets[id] = result.meets[left] || result.meets[right];
            result.within[id] = result.within[left] && result.within[right];
        }
    }
    return result;
}

std::vector<u32> RootSets::member_counts() const {
    std::vector<u32> counts(parts_.size());
    for (Id id = 1; id < parts_.size(); ++id) {
        const Part& part = parts_[id];
        counts[id] =
            part.is_word ? static_cast<u32>(std::popcount(part.value)) : counts[part.left()] + counts[part.right()];
    }
    return counts;
}

std::vector<u64> RootSets::sum_by_root(std::vector<u64> weights) const {
    weights.resize(parts_.size());
    std::vector<u64> sums(root_count_);
    for (std::size_t id = parts_.size() - 1; id > 0; --id) {
        const Part& part = parts_[id];
        if (!part.is_word) {
            weights[part.left()] += weights[id];
            weights[part.right()] += weights[id];
            continue;
        }
        for (u64 bits = part.value; bits != 0; bits &= bits - 1) {
            sums[u64{part.position} * word_bits + static_cast<u64>(std::countr_zero(bits))] += weights[id];
        }
    }
    return sums;
}

} // namespace btrkit::survey
