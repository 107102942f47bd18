// SPDX-License-Identifier: MIT
// The names of a structure's fields, declared once beside the structure. Everything that shows, compares or
// mutates structures field by field (JSON, lines, tests) goes over these lists.
#pragma once

#include "formats/btrfs/endian.h"
#include "formats/btrfs/flags.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace btrfs {

/// One field: its name, where it is, and, where it is a set of flags or a choice, the names of its values.
template <class Struct, class Member>
struct Field {
    std::string_view name;
    Member Struct::* member;
    FlagNames flags{};
};

template <class Struct, class Member>
Field(std::string_view, Member Struct::*) -> Field<Struct, Member>;
template <class Struct, class Member>
Field(std::string_view, Member Struct::*, FlagNames) -> Field<Struct, Member>;

namespace detail {
template <std::size_t index, class Field>
struct FieldAt {
    Field field;
};

template <class Indexes, class... Fields>
struct FieldsAt;
template <std::size_t... indexes, class... Fields>
struct FieldsAt<std::index_sequence<indexes...>, Fields...> : FieldAt<indexes, Fields>... {
    constexpr explicit FieldsAt(Fields... fields) : FieldAt<indexes, Fields>{fields}... {}

    template <class Visitor>
    constexpr void visit(Visitor&& visitor) const {
        (visitor(static_cast<const FieldAt<indexes, Fields>&>(*this).field), ...);
    }
};
} // namespace detail

/// Fields of one structure. Every file includes some of these lists, and compilers take a time for a std::tuple that
/// grows with the square of its length: with tuples the storeys tree and fs took 1.7 times as long to compile.
template <class... Fields>
struct FieldList : detail::FieldsAt<std::index_sequence_for<Fields...>, Fields...> {
    static constexpr std::size_t size = sizeof...(Fields);

    constexpr explicit FieldList(Fields... fields)
        : detail::FieldsAt<std::index_sequence_for<Fields...>, Fields...>(fields...) {}
};

/// The fields of Struct in disk order; specialised beside each structure.
template <class Struct>
inline constexpr auto fields_of = FieldList<>{};

/// Whether T is a structure whose fields are listed.
template <class T>
inline constexpr bool has_fields = std::remove_cvref_t<decltype(fields_of<T>)>::size != 0;

/// Calls visit(field) for each field of Struct, in disk order.
template <class Struct, class Visitor>
constexpr void for_each_field(Visitor&& visit) {
    fields_of<Struct>.visit(visit);
}

namespace detail {
template <class Struct, class Member>
constexpr std::size_t member_size(const Field<Struct, Member>&) {
    return sizeof(Member);
}
} // namespace detail

/// Bytes that the listed fields cover; equal to sizeof when none was left out.
template <class Struct>
constexpr std::size_t listed_size() {
    std::size_t total = 0;
    for_each_field<Struct>([&](const auto& field) { total += detail::member_size(field); });
    return total;
}

/// Holds when Struct can be overlaid on bytes, has the size that the format gives it, and lists all its fields.
template <class Struct>
constexpr bool layout_is(std::size_t size) {
    return sizeof(Struct) == size && alignof(Struct) == 1 && std::is_trivially_copyable_v<Struct> &&
           listed_size<Struct>() == size;
}

} // namespace btrfs
