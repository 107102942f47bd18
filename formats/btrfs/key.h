// SPDX-License-Identifier: MIT
// Keys: what every item of every tree is found and sorted by.
#pragma once

#include "formats/btrfs/fields.h"

#include <compare>

namespace btrfs {

/// A key in host integers; sorts as the trees do.
struct Key {
    u64 objectid = 0;
    u8 type = 0;
    u64 offset = 0;

    friend constexpr auto operator<=>(const Key&, const Key&) = default;

    static constexpr Key min() { return {}; }
    static constexpr Key max() { return {~u64{0}, 0xff, ~u64{0}}; }
};

struct DiskKey {
    le64 objectid;
    u8 type{};
    le64 offset;

    constexpr Key to_key() const noexcept { return {objectid, type, offset}; }
    static constexpr DiskKey from(const Key& key) noexcept { return {key.objectid, key.type, key.offset}; }
};
template <>
inline constexpr auto fields_of<DiskKey> =
    FieldList{Field{"objectid", &DiskKey::objectid}, Field{"type", &DiskKey::type}, Field{"offset", &DiskKey::offset}};
static_assert(layout_is<DiskKey>(17));

/// The smallest key that sorts after key; Key::max() has none and is returned unchanged.
constexpr Key next_key(Key key) noexcept {
    if (++key.offset == 0 && ++key.type == 0 && ++key.objectid == 0) {
        return Key::max();
    }
    return key;
}

/// The largest key that sorts before key; Key::min() has none and is returned unchanged.
constexpr Key key_before(Key key) noexcept {
    if (key.offset-- == 0 && key.type-- == 0 && key.objectid-- == 0) {
        return Key::min();
    }
    return key;
}

} // namespace btrfs
