// SPDX-License-Identifier: MIT
// Sound items of every type, each with what both structured formats must say of its body.
#pragma once

#include "item_leaf.h"

namespace btrkit::test {

struct SampleItem {
    std::string_view about;
    btrfs::Key key;
    Body body;
    std::string_view json; ///< the value of "item"
    std::string_view line; ///< what follows the key
};

/// One or more of each type that is found in file trees and in the root tree.
std::vector<SampleItem> sample_file_items();
/// One or more of all other types.
std::vector<SampleItem> sample_space_items();

inline std::vector<SampleItem> sample_items() {
    auto items = sample_file_items();
    const auto more = sample_space_items();
    items.insert(items.end(), more.begin(), more.end());
    return items;
}

namespace detail {
template <class Member>
void number_field(Member& member, u64& next);
}

/// A structure whose fields are numbered in disk order: the first has the value first, the next one more. Uuids
/// repeat one byte; arrays stay zero.
template <class Struct>
Struct numbered(u64 first) {
    Struct value{};
    btrfs::for_each_field<Struct>([&](const auto& field) { detail::number_field(value.*field.member, first); });
    return value;
}

namespace detail {
template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;

template <class Member>
void number_field(Member& member, u64& next) {
    if constexpr (std::is_same_v<Member, btrfs::Uuid>) {
        member.bytes.fill(static_cast<u8>(next++));
    } else if constexpr (is_array<Member>) {
        return;
    } else if constexpr (std::is_same_v<Member, u8> || std::is_same_v<Member, btrfs::le16>) {
        member = static_cast<u8>(next++);
    } else if constexpr (std::is_same_v<Member, btrfs::le32>) {
        member = static_cast<u32>(next++);
    } else if constexpr (std::is_same_v<Member, btrfs::le64>) {
        member = next++;
    } else {
        btrfs::for_each_field<Member>([&](const auto& field) { number_field(member.*field.member, next); });
    }
}
} // namespace detail

} // namespace btrkit::test
