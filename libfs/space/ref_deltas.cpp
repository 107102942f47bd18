// SPDX-License-Identifier: MIT
#include "libfs/space/ref_deltas.h"

#include "libfs/base/sort_by_rank.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Takes what is of that address off the front of what is sorted by address.
template <class T>
std::span<T> take_front(std::span<T>& sorted, u64 bytenr) {
    const auto behind = std::ranges::find_if(sorted, [&](const T& each) { return each.bytenr != bytenr; });
    const auto count = static_cast<std::size_t>(behind - sorted.begin());
    const auto taken = sorted.first(count);
    sorted = sorted.subspan(count);
    return taken;
}

/// Takes those out for which that holds.
template <class T, class Condition>
std::vector<T> split_off(std::vector<T>& all, Condition condition) {
    const auto rest = std::ranges::partition(all, condition);
    std::vector<T> taken(std::move_iterator(all.begin()), std::move_iterator(rest.begin()));
    all.erase(all.begin(), rest.begin());
    return taken;
}

using BlockChanges = std::unordered_map<u64, BlockChange>;

/// Says of each address what changes there.
ExtentChanges by_address(const BlockChanges& blocks, ExtentChanges taken) {
    std::ranges::sort(taken.refs, {}, &RefChange::bytenr);
    std::ranges::sort(taken.born, {}, &ExtentRecord::bytenr);
    std::ranges::sort(taken.recast, {}, &ExtentRecord::bytenr);
    std::vector<u64> of_blocks;
    of_blocks.reserve(blocks.size());
    for (const auto& [bytenr, change] : blocks) {
        of_blocks.push_back(bytenr);
    }
    std::ranges::sort(of_blocks);
    std::span refs(taken.refs);
    std::span born(taken.born);
    std::span recast(taken.recast);
    std::span<const u64> rest(of_blocks);
    const auto next = [](const auto& sorted) { return sorted.empty() ? ~u64{0} : sorted.front().bytenr; };
    while (!refs.empty() || !born.empty() || !recast.empty() || !rest.empty()) {
        const u64 bytenr = std::min({next(refs), next(born), next(recast), rest.empty() ? ~u64{0} : rest.front()});
        auto& change = taken.changes.emplace_back(ExtentChange{.bytenr = bytenr});
        change.refs = take_front(refs, bytenr);
        if (const auto made = take_front(born, bytenr); !made.empty()) {
            change.born = &made.back();
        }
        if (const auto made = take_front(recast, bytenr); !made.empty()) {
            change.recast = &made.back();
        }
        if (!rest.empty() && rest.front() == bytenr) {
            change.block = blocks.at(bytenr);
            rest = rest.subspan(1);
        }
    }
    return taken;
}

} // namespace

std::span<RefChange> merged_by_extent(std::span<RefChange> changes) {
    if (changes.size() < 2) {
        return changes;
    }
    sort_by_rank(changes, [](const RefChange& change) { return std::pair(change.bytenr, rank_of(change.ref)); });
    std::size_t kept = 0;
    for (const auto& change : changes) {
        const bool is_same =
            kept > 0 && changes[kept - 1].bytenr == change.bytenr && !stands_before(changes[kept - 1].ref, change.ref);
        if (is_same) {
            changes[kept - 1].count += change.count;
        } else {
            changes[kept++] = change;
        }
    }
    return changes.first(kept);
}

void RefDeltas::bear(ExtentRecord record) {
    if (!record.is_data()) {
        blocks_[record.bytenr].is_born = true;
    }
    born_.push_back(std::move(record));
}

void RefDeltas::add(u64 bytenr, const ExtentRef& ref, std::int64_t count) {
    if (ref.is_of_block()) {
        blocks_[bytenr].count += count;
    }
    refs_.push_back({.bytenr = bytenr, .ref = ref, .count = count});
}

const BlockChange* RefDeltas::find_block(u64 bytenr) const {
    const auto found = blocks_.find(bytenr);
    return found == blocks_.end() ? nullptr : &found->second;
}

std::size_t RefDeltas::waiting_bytes() const {
    // A block's change stands in a node of the table.
    return refs_.capacity() * sizeof(RefChange) + (born_.capacity() + recast_.capacity()) * sizeof(ExtentRecord) +
           blocks_.size() * (sizeof(BlockChange) + 4 * sizeof(void*));
}

ExtentChanges RefDeltas::take() {
    return by_address(std::exchange(blocks_, {}), {.changes = {},
                                                   .refs = std::exchange(refs_, {}),
                                                   .born = std::exchange(born_, {}),
                                                   .recast = std::exchange(recast_, {})});
}

ExtentChanges RefDeltas::take_data(const RangeSet& later) {
    const auto is_due = [&](const auto& each) { return !later.contains(each.bytenr); };
    return by_address(
        {}, {.changes = {},
             .refs = split_off(refs_, [&](const RefChange& each) { return !each.ref.is_of_block() && is_due(each); }),
             .born = split_off(born_, [&](const ExtentRecord& each) { return each.is_data() && is_due(each); }),
             .recast = split_off(recast_, is_due)});
}

Result<ExtentRecord> changed_record(ExtentRecord record, const ExtentChange& change) {
    const auto changes = merged_by_extent(change.refs);
    std::vector<ExtentRef> refs;
    refs.reserve(record.refs.size() + changes.size());
    auto old = record.refs.begin();
    for (const auto& [bytenr, changed, count] : changes) {
        for (; old != record.refs.end() && stands_before(*old, changed); ++old) {
            refs.push_back(*old);
        }
        const bool is_there = old != record.refs.end() && !stands_before(changed, *old);
        const std::int64_t sum = count + (is_there ? std::int64_t{old->count} : 0);
        if (sum < 0) {
            return fail(ErrorKind::damaged,
                        fmt::format("extent {}: {} references of one referrer go, but {} are recorded", record.bytenr,
                                    -count, is_there ? old->count : 0));
        }
        if (sum > 0) {
            refs.push_back(changed);
            refs.back().count = static_cast<u32>(sum);
        }
        old += is_there ? 1 : 0;
    }
    refs.insert(refs.end(), old, record.refs.end());
    record.refs = std::move(refs);
    if (change.block.becomes_full_backref) {
        record.flags |= btrfs::extent_flag_full_backref;
    }
    return record;
}

} // namespace btrkit
