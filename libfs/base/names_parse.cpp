// SPDX-License-Identifier: MIT
// The way back from a user's words to numbers.
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace btrkit {

namespace {

/// Upper case, with '_' for '-'.
std::string folded(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
    return result;
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
    return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

/// A whole number, decimal or with 0x, with a sign for those that count from the top.
std::optional<u64> parse_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    text = without_prefix(text, "-");
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return negative ? u64{0} - value : value;
}

/// What the peer's users type that is not simply the printed name without "_TREE".
constexpr std::array tree_aliases = std::to_array<btrfs::ObjectidName>({
    {btrfs::dev_tree_id, "DEVICE"},
    {btrfs::csum_tree_id, "CHECKSUM"},
    {btrfs::tree_log_fixup_id, "TREE_LOG_FIXUP"},
});

constexpr std::array tree_ids = std::to_array<u64>({
    btrfs::root_tree_id,
    btrfs::extent_tree_id,
    btrfs::chunk_tree_id,
    btrfs::dev_tree_id,
    btrfs::fs_tree_id,
    btrfs::csum_tree_id,
    btrfs::quota_tree_id,
    btrfs::uuid_tree_id,
    btrfs::free_space_tree_id,
    btrfs::tree_log_fixup_id,
    btrfs::tree_log_id,
    btrfs::tree_reloc_id,
    btrfs::data_reloc_tree_id,
    btrfs::block_group_tree_id,
    btrfs::raid_stripe_tree_id,
    btrfs::remap_tree_id,
});

std::optional<u64> parse_objectid(std::string_view text) {
    if (const auto number = parse_number(text)) {
        return number;
    }
    const std::string name = folded(text);
    for (const auto& entry : btrfs::objectid_names) {
        if (entry.name == name) {
            return entry.objectid;
        }
    }
    return std::nullopt;
}

std::optional<u8> parse_item_type(std::string_view text) {
    if (const auto number = parse_number(text)) {
        return *number <= 0xff ? std::optional<u8>(static_cast<u8>(*number)) : std::nullopt;
    }
    const std::string name = folded(text);
    for (const auto& info : btrfs::item_types) {
        if (info.name == name) {
            return info.type;
        }
    }
    return std::nullopt;
}

/// Cuts the text before the next comma off the front of rest.
std::string_view next_part(std::string_view& rest) {
    const auto comma = rest.find(',');
    const auto part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    return part;
}

} // namespace

std::optional<u64> parse_tree_id(std::string_view text) {
    if (const auto number = parse_number(text)) {
        return number;
    }
    const std::string upper = folded(text);
    std::string_view name = without_prefix(upper, "BTRFS_");
    name = without_suffix(without_suffix(name, "_OBJECTID"), "_TREE");
    for (const auto& alias : tree_aliases) {
        if (alias.name == name) {
            return alias.objectid;
        }
    }
    for (const u64 id : tree_ids) {
        if (without_suffix(btrfs::objectid_name(id), "_TREE") == name) {
            return id;
        }
    }
    return std::nullopt;
}

std::optional<btrfs::Key> parse_key(std::string_view text, const btrfs::Key& fill) {
    btrfs::Key key = fill;
    std::string_view rest = text;
    const auto objectid = parse_objectid(next_part(rest));
    if (!objectid) {
        return std::nullopt;
    }
    key.objectid = *objectid;
    if (!rest.empty()) {
        const auto type = parse_item_type(next_part(rest));
        if (!type) {
            return std::nullopt;
        }
        key.type = *type;
    }
    if (!rest.empty()) {
        const auto offset = parse_number(next_part(rest));
        if (!offset) {
            return std::nullopt;
        }
        key.offset = *offset;
    }
    return rest.empty() ? std::optional(key) : std::nullopt;
}

std::optional<btrfs::Uuid> parse_uuid(std::string_view text) {
    constexpr std::string_view form = "00000000-0000-0000-0000-000000000000";
    if (text.size() != form.size()) {
        return std::nullopt;
    }
    btrfs::Uuid uuid;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == '-') {
            if (text[i] != '-') {
                return std::nullopt;
            }
            continue;
        }
        u8 digit = 0;
        const auto [end, error] = std::from_chars(&text[i], &text[i] + 1, digit, 16);
        if (error != std::errc{} || end != &text[i] + 1) {
            return std::nullopt;
        }
        u8& byte = uuid.bytes[digits / 2];
        byte = static_cast<u8>(byte << 4 | digit);
        ++digits;
    }
    return uuid;
}

} // namespace btrkit
