// SPDX-License-Identifier: MIT
// The fields of fixed structures, told to an emitter under the names that formats/ declares.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/base/bytes.h"

namespace btrkit::structure {

/// What a structure that ends before its last field has to say of the fields behind the end.
enum class Absent { left_out, null };

namespace detail {

template <class Member>
inline constexpr bool is_array = false;
template <class Element, std::size_t size>
inline constexpr bool is_array<std::array<Element, size>> = true;

/// A structure within a structure, told as an object of its fields; keys and times are told as one value.
template <class Member>
inline constexpr bool is_nested =
    !std::is_convertible_v<Member, u64> && !is_array<Member> && !std::is_same_v<Member, btrfs::Uuid> &&
    !std::is_same_v<Member, btrfs::DiskKey> && !std::is_same_v<Member, btrfs::Timespec>;

/// Whether a field is this member; false where the types differ already.
template <class Field, class Pointer>
constexpr bool is_member(const Field& field, Pointer member) {
    if constexpr (std::is_same_v<decltype(Field::member), Pointer>) {
        return field.member == member;
    } else {
        return false;
    }
}

/// The words of a field that is a choice; empty for all others.
template <class Struct, class Member>
constexpr std::span<const std::string_view> words_of(const btrfs::Field<Struct, Member>& field) {
    if (is_member(field, &btrfs::DirItem::type)) {
        return btrfs::file_type_names;
    }
    if (is_member(field, &btrfs::FileExtentHead::type)) {
        return btrfs::file_extent_type_names;
    }
    if (is_member(field, &btrfs::FileExtentHead::compression)) {
        return btrfs::compression_names;
    }
    return {};
}

inline std::string_view word_at(std::span<const std::string_view> words, u64 number) {
    return number < words.size() ? words[number] : std::string_view{};
}

/// Space that the format keeps for later; told only where something stands in it.
constexpr bool is_spare(std::string_view name) {
    return name == "reserved" || name == "unused";
}

template <class Emitter, class Element, std::size_t size>
void describe_array(Emitter& emit, std::string_view name, const std::array<Element, size>& values) {
    if (is_spare(name) && std::ranges::all_of(values, [](u64 value) { return value == 0; })) {
        return;
    }
    if constexpr (std::is_same_v<Element, u8>) {
        emit.hex(name, std::as_bytes(std::span(values)));
    } else {
        emit.begin_list(name);
        for (const u64 value : values) {
            emit.element(value);
        }
        emit.end_list();
    }
}

} // namespace detail

template <class Emitter, class Struct>
void describe_fields(Emitter& emit, const Struct& value);

template <class Emitter, class Struct, class Member>
[[gnu::always_inline]] inline void describe_field(Emitter& emit, const btrfs::Field<Struct, Member>& field,
                                                  const Member& value) {
    if constexpr (std::is_same_v<Member, btrfs::Uuid>) {
        emit.uuid(field.name, value);
    } else if constexpr (std::is_same_v<Member, btrfs::DiskKey>) {
        emit.key(field.name, value.to_key());
    } else if constexpr (std::is_same_v<Member, btrfs::Timespec>) {
        emit.time(field.name, value);
    } else if constexpr (detail::is_array<Member>) {
        detail::describe_array(emit, field.name, value);
    } else if constexpr (detail::is_nested<Member>) {
        emit.begin_object(field.name);
        describe_fields(emit, value);
        emit.end_object();
    } else if (const auto words = detail::words_of(field); !words.empty()) {
        emit.choice(field.name, value, detail::word_at(words, value));
    } else if (!field.flags.empty()) {
        emit.flags(field.name, value, field.flags);
    } else if (detail::is_member(field, &btrfs::InodeItem::mode)) {
        emit.octal(field.name, value);
    } else {
        emit.number(field.name, u64{value});
    }
}

/// All fields of a structure.
template <class Emitter, class Struct>
void describe_fields(Emitter& emit, const Struct& value) {
    btrfs::for_each_field<Struct>([&](const auto& field) { describe_field(emit, field, value.*field.member); });
}

/// The fields of a structure that end within the bytes.
template <class Struct, class Emitter>
[[gnu::noinline, gnu::cold]] void describe_prefix(Emitter& emit, Bytes bytes, Absent absent) {
    Struct value{};
    const auto have = std::min(bytes.size(), sizeof(Struct));
    std::copy_n(bytes.begin(), have, reinterpret_cast<std::byte*>(&value));
    std::size_t end = 0;
    btrfs::for_each_field<Struct>([&](const auto& field) {
        const auto& member = value.*field.member;
        using Member = std::remove_cvref_t<decltype(member)>;
        const std::size_t begin = std::exchange(end, end + sizeof(Member));
        if (end <= have) {
            describe_field(emit, field, member);
        } else if constexpr (detail::is_nested<Member>) {
            if (begin < have) {
                emit.begin_object(field.name);
                describe_prefix<Member>(emit, clipped(bytes, begin, sizeof(Member)), absent);
                emit.end_object();
            }
        } else if (absent == Absent::null && !detail::is_spare(field.name)) {
            emit.null(field.name);
        }
    });
}

/// The structure that the bytes begin with, or what there is of it. True if it is complete.
template <class Struct, class Emitter>
bool describe_front(Emitter& emit, Bytes bytes, Absent absent = Absent::left_out) {
    if (const auto* whole = view_at<Struct>(bytes)) {
        describe_fields(emit, *whole);
        return true;
    }
    describe_prefix<Struct>(emit, bytes, absent);
    return false;
}

/// A body that is one structure. True if it is that exactly.
template <class Struct, class Emitter>
bool describe_whole(Emitter& emit, Bytes bytes) {
    return describe_front<Struct>(emit, bytes) && bytes.size() == sizeof(Struct);
}

/// A structure that filesystems without some feature leave out: its fields are null then. True if it is there
/// exactly, or not at all.
template <class Struct, class Emitter>
bool describe_optional(Emitter& emit, Bytes bytes) {
    describe_front<Struct>(emit, bytes, Absent::null);
    return bytes.empty() || bytes.size() == sizeof(Struct);
}

} // namespace btrkit::structure
