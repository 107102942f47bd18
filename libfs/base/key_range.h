// SPDX-License-Identifier: MIT
// Ranges of keys.
#pragma once

#include "formats/btrfs/key.h"

#include <algorithm>
#include <optional>

namespace btrkit {

/// Keys from first up to, but without, end: as blocks have them, which end where the next one begins. Where users and
/// the format name a last key, through() makes the range.
struct KeyRange {
    btrfs::Key first = btrfs::Key::min();
    std::optional<btrfs::Key> end = {}; ///< nothing: as far as keys go

    /// From first to last, both included.
    static constexpr KeyRange through(const btrfs::Key& first, const btrfs::Key& last) {
        return {first, last == btrfs::Key::max() ? std::nullopt : std::optional(btrfs::next_key(last))};
    }
    /// All items of one type of an object.
    static constexpr KeyRange items_of(btrfs::u64 objectid, btrfs::u8 type) {
        return through({objectid, type, 0}, {objectid, type, ~btrfs::u64{0}});
    }

    /// Whether that key, and so all behind it, lies behind the range.
    constexpr bool ends_before(const btrfs::Key& key) const { return end && *end <= key; }
    constexpr bool contains(const btrfs::Key& key) const { return first <= key && !ends_before(key); }
    /// Whether no key lies in it.
    constexpr bool is_empty() const { return ends_before(first); }
    constexpr bool is_everything() const { return first == btrfs::Key::min() && !end; }

    friend bool operator==(const KeyRange&, const KeyRange&) = default;
};

/// The keys that are in both.
constexpr KeyRange intersection(const KeyRange& left, const KeyRange& right) {
    KeyRange both{std::max(left.first, right.first), left.end};
    if (right.end && !both.ends_before(*right.end)) {
        both.end = right.end;
    }
    return both;
}

} // namespace btrkit
