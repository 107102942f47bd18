// SPDX-License-Identifier: MIT
// Any structure of formats/ as part of a JSON document, from the one list of its fields. (Lines of JSON, which there
// may be millions of, are json_emitter.h's.)
//
// Integers are raw. A set of flags FLAGS has FLAGS_names (lower case) and FLAGS_unknown_bits (by number) behind it.
// Uuids are text, arrays of bytes hexadecimal text; both are null when they are all zero. Arrays of characters are
// text up to the first NUL. Text TEXT that is no UTF-8 is null, and TEXT_hex, which is null otherwise, has its bytes.
#pragma once

#include "formats/btrfs/key.h"
#include "formats/btrfs/uuid.h"
#include "libfs/base/bytes.h"

#include <nlohmann/json.hpp>

namespace btrkit {

/// Objects keep the order in which their members were set.
using Json = nlohmann::ordered_json;

/// Sets the three members that a set of flags is.
void set_flags(Json& object, std::string_view name, u64 flags, btrfs::FlagNames names);
/// Sets the two members that text is.
void set_text(Json& object, std::string_view name, std::string_view bytes);
/// Two digits a byte.
Json hex_json(Bytes bytes);
Json uuid_json(const btrfs::Uuid& uuid);
/// The name of a tree or object that has one, in lower case; null: it is only a number.
Json objectid_name_json(u64 objectid);
/// {"objectid", "type", "type_name", "offset"}, and "objectid_name" where it has one
Json key_json(const btrfs::Key& key);

template <class Struct>
Json fields_json(const Struct& value);

namespace detail {

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t size>
inline constexpr bool is_array<std::array<T, size>> = true;

/// Text, as far as formats/ has any: a fixed array of characters, padded with NULs.
template <class T>
inline constexpr bool is_text = false;
template <std::size_t size>
inline constexpr bool is_text<std::array<char, size>> = true;

template <class Array>
Json array_json(const Array& values);

template <class T>
Json value_json(const T& value) {
    if constexpr (std::is_convertible_v<T, u64>) {
        return Json(u64{value});
    } else if constexpr (std::is_same_v<T, btrfs::Uuid>) {
        return uuid_json(value);
    } else if constexpr (is_array<T>) {
        return array_json(value);
    } else {
        return fields_json(value);
    }
}

template <class Array>
Json array_json(const Array& values) {
    if constexpr (std::is_same_v<typename Array::value_type, u8>) {
        return values == Array{} ? Json() : hex_json(std::as_bytes(std::span(values)));
    } else {
        Json list = Json::array();
        for (const auto& value : values) {
            list.push_back(value_json(value));
        }
        return list;
    }
}

} // namespace detail

/// An object with the structure's fields, under their own names, in disk order.
template <class Struct>
Json fields_json(const Struct& value) {
    Json object = Json::object();
    btrfs::for_each_field<Struct>([&](const auto& field) {
        const auto& member = value.*(field.member);
        using MemberType = std::remove_cvref_t<decltype(member)>;
        if constexpr (detail::is_text<MemberType>) {
            const std::string_view text(member.data(), member.size());
            set_text(object, field.name, text.substr(0, text.find('\0')));
        } else if constexpr (std::is_convertible_v<MemberType, u64>) {
            // A set of which no bit has a name yet (compat_flags) is known by its own name only.
            if (field.flags.empty() && !field.name.ends_with("flags")) {
                object[std::string(field.name)] = u64{member};
            } else {
                set_flags(object, field.name, member, field.flags);
            }
        } else {
            object[std::string(field.name)] = detail::value_json(member);
        }
    });
    return object;
}

} // namespace btrkit
