// SPDX-License-Identifier: MIT
#include "libfs/space/ref_deltas.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace {

/// One change for each referrer, in the order of records.
void merge_changes(std::vector<ExtentChange::RefChange>& changes) {
    std::ranges::sort(changes, stands_before, &ExtentChange::RefChange::ref);
    std::size_t kept = 0;
    for (const auto& change : changes) {
        const bool is_same = kept > 0 && !stands_before(changes[kept - 1].ref, change.ref);
        if (is_same) {
            changes[kept - 1].count += change.count;
        } else {
            changes[kept++] = change;
        }
    }
    changes.resize(kept);
}

} // namespace

void RefDeltas::bear(ExtentRecord record) {
    changes_[record.bytenr].born = std::move(record);
}

void RefDeltas::add(u64 bytenr, const ExtentRef& ref, std::int64_t count) {
    auto& change = changes_[bytenr];
    change.count += count;
    change.refs.push_back({ref, count});
    ++ref_count_;
}

void RefDeltas::set_owner(u64 bytenr, u64 owner) {
    changes_[bytenr].owner = owner;
}

void RefDeltas::set_full_backref(u64 bytenr) {
    changes_[bytenr].becomes_full_backref = true;
}

const ExtentChange* RefDeltas::find(u64 bytenr) const {
    const auto found = changes_.find(bytenr);
    return found == changes_.end() ? nullptr : &found->second;
}

std::size_t RefDeltas::waiting_bytes() const {
    // A change stands in a node of the table; the references, in arrays that are a third larger than they must be.
    return changes_.size() * (sizeof(ExtentChange) + 4 * sizeof(void*)) +
           ref_count_ * sizeof(ExtentChange::RefChange) * 4 / 3;
}

std::vector<RefDeltas::Changed> RefDeltas::take() {
    std::vector<Changed> all;
    all.reserve(changes_.size());
    for (auto& [bytenr, change] : changes_) {
        all.push_back({bytenr, std::move(change)});
    }
    changes_.clear();
    ref_count_ = 0;
    std::ranges::sort(all, {}, &Changed::bytenr);
    return all;
}

Result<ExtentRecord> changed_record(ExtentRecord record, ExtentChange change) {
    merge_changes(change.refs);
    std::vector<ExtentRef> refs;
    refs.reserve(record.refs.size() + change.refs.size());
    auto old = record.refs.begin();
    for (const auto& [changed, count] : change.refs) {
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
    if (change.becomes_full_backref) {
        record.flags |= btrfs::extent_flag_full_backref;
    }
    return record;
}

} // namespace btrkit
