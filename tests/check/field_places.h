// SPDX-License-Identifier: MIT
// Where the fields of on-disk structures are: what a mutation can change. Derived from what is declared already: the
// field lists of formats/, and the renderer's description of items.
#pragma once

#include "formats/btrfs/fields.h"
#include "libfs/render/item_structure.h"

#include <string>
#include <vector>

namespace btrkit::test {

struct FieldPlace {
    std::string name; ///< with the names of the structures around it, as "inline_refs.root"
    std::size_t offset = 0;
    std::size_t size = 0;
};

namespace detail {

template <class Member>
void add_places(const std::string& name, std::size_t offset, std::vector<FieldPlace>& places) {
    if constexpr (btrfs::has_fields<Member>) {
        btrfs::for_each_field<Member>([&]<class Field>(const Field& field) {
            using Inner = std::remove_cvref_t<decltype(std::declval<Member>().*field.member)>;
            add_places<Inner>(name.empty() ? std::string(field.name) : name + "." + std::string(field.name), offset,
                              places);
            offset += sizeof(Inner);
        });
    } else if constexpr (structure::detail::is_array<Member>) {
        using Element = Member::value_type;
        if constexpr (sizeof(Element) == 1) {
            places.push_back({name, offset, sizeof(Member)});
        } else {
            for (std::size_t i = 0; i < std::tuple_size_v<Member>; ++i) {
                add_places<Element>(name, offset + i * sizeof(Element), places);
            }
        }
    } else {
        places.push_back({name, offset, sizeof(Member)});
    }
}

} // namespace detail

/// All fields of a structure of formats/, those of structures in it one by one.
template <class Struct>
std::vector<FieldPlace> fields_in() {
    std::vector<FieldPlace> places;
    detail::add_places<Struct>("", 0, places);
    return places;
}

/// All fields of an item's body, in the order of their bytes: found by changing each byte and looking which field of
/// the description (item_structure.h) changes first. Bytes that the description does not show are fields called "data".
std::vector<FieldPlace> fields_of_item(const btrfs::Key& key, Bytes body, const Geometry& geometry);

} // namespace btrkit::test
