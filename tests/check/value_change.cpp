// SPDX-License-Identifier: MIT
#include "tests/check/value_change.h"

#include "libfs/base/text_buffer.h"

#include <array>
#include <vector>

#include <fmt/format.h>

namespace btrkit::test {

namespace {

std::string value_text(Bytes bytes) {
    if (bytes.size() <= sizeof(u64)) {
        return std::to_string(get_value(bytes));
    }
    TextBuffer text;
    text.hex_bytes(bytes.first(std::min<std::size_t>(bytes.size(), 32)));
    return std::string(text.view());
}

/// Changes a number; says how, or nothing where it stayed as it was. neighbour: what stands in the same field
/// elsewhere.
std::string change_number(MutableBytes field, Bytes neighbour, Dice& dice) {
    const u64 old = get_value(field);
    const auto bits = field.size() * 8;
    const u64 bit = dice.below(bits);
    struct Kind {
        std::string_view name;
        u64 value;
    };
    std::vector<Kind> kinds = {{"bit", old ^ u64{1} << bit},
                               {"bit", old ^ u64{1} << dice.below(std::min<u64>(bits, 16))},
                               {"+1", old + 1},
                               {"-1", old - 1},
                               {"zero", 0},
                               {"max", ~u64{0}},
                               {"+4096", old + 4096},
                               {"-4096", old - 4096},
                               {"small", dice.below(8)}};
    if (neighbour.size() == field.size()) {
        kinds.push_back({"neighbour", get_value(neighbour)});
        kinds.push_back({"neighbour", get_value(neighbour)});
    }
    const auto& kind = dice.one_of(kinds);
    put_value(field, kind.value);
    return get_value(field) != old ? std::string(kind.name) : "";
}

/// The same for what is no number: uuids, names, checksums.
std::string change_bytes(MutableBytes field, Bytes neighbour, Dice& dice) {
    const u64 kind = dice.below(neighbour.size() == field.size() ? 4 : 3);
    const std::vector<std::byte> old(field.begin(), field.end());
    if (kind == 3) {
        std::ranges::copy(neighbour, field.begin());
    } else if (kind == 2) {
        std::ranges::fill(field, std::byte{0});
    } else {
        field[dice.below(field.size())] ^= static_cast<std::byte>(kind == 1 ? 0xff : u64{1} << dice.below(8));
    }
    constexpr std::array<std::string_view, 4> names = {"bit", "byte", "zero", "neighbour"};
    return std::ranges::equal(old, field) ? "" : std::string(names[kind]);
}

} // namespace

u64 get_value(Bytes bytes) {
    u64 value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = value << 8 | std::to_integer<u64>(bytes[i - 1]);
    }
    return value;
}

void put_value(MutableBytes bytes, u64 value) {
    for (auto& byte : bytes) {
        byte = static_cast<std::byte>(value);
        value >>= 8;
    }
}

std::string change_field(MutableBytes field, Bytes neighbour, Dice& dice) {
    const std::vector<std::byte> old(field.begin(), field.end());
    const auto kind =
        field.size() <= sizeof(u64) ? change_number(field, neighbour, dice) : change_bytes(field, neighbour, dice);
    return kind.empty() ? "" : fmt::format("{} {} -> {}", kind, value_text(old), value_text(field));
}

} // namespace btrkit::test
