// SPDX-License-Identifier: MIT
#include "libfs/ops/source/ownership_text.h"

#include "libfs/base/split.h"
#include "libfs/ops/source/host_ids.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace btrkit::source {

namespace {

/// Decimal, 0x hexadecimal or 0 octal, as all numbers of options.
std::optional<u32> parse_id(std::string_view text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const bool is_octal = !is_hex && text.size() > 1 && text.starts_with('0');
    text.remove_prefix(is_hex ? 2 : 0);
    u32 number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number,
                                               is_hex     ? 16
                                               : is_octal ? 8
                                                          : 10);
    // The last one means "no id" to the kernel.
    const bool is_id =
        status == std::errc() && end == text.data() + text.size() && number < std::numeric_limits<u32>::max();
    return is_id ? std::optional(number) : std::nullopt;
}

} // namespace

Result<std::pair<u32, u32>> parse_owner(std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() != 2) {
        return fail(ErrorKind::usage, fmt::format("'{}' is not USER:GROUP", text));
    }
    const auto uid = host_user_id(std::string(parts[0]));
    if (!uid) {
        return fail(ErrorKind::usage, fmt::format("'{}': this host has no user '{}'", text, parts[0]));
    }
    const auto gid = host_group_id(std::string(parts[1]));
    if (!gid) {
        return fail(ErrorKind::usage, fmt::format("'{}': this host has no group '{}'", text, parts[1]));
    }
    return std::pair(*uid, *gid);
}

Result<std::vector<IdMap>> parse_id_map(std::string_view text) {
    std::vector<IdMap> maps;
    for (const auto range : split(text, ',')) {
        const auto parts = split(range, ':');
        const auto from = parse_id(parts[0]);
        const auto to = parts.size() == 3 ? parse_id(parts[1]) : std::nullopt;
        const auto count = parts.size() == 3 ? parse_id(parts[2]) : std::nullopt;
        if (!from || !to || !count || *count == 0) {
            return fail(ErrorKind::usage, fmt::format("'{}' is not FROM:TO:COUNT", range));
        }
        maps.push_back({.from = *from, .to = *to, .count = *count});
    }
    return maps;
}

Result<Ownership> parse_ownership(const OwnershipTexts& texts) {
    Ownership ownership{.all_root = texts.all_root};
    if (texts.all_root && !texts.owner.empty()) {
        return fail(ErrorKind::usage, "--all-root and --owner exclude each other");
    }
    if (!texts.owner.empty()) {
        BTRKIT_TRY_ASSIGN(ownership.owner, parse_owner(texts.owner));
    }
    if (!texts.uid_map.empty()) {
        BTRKIT_TRY_ASSIGN(ownership.uid_map, parse_id_map(texts.uid_map));
    }
    if (!texts.gid_map.empty()) {
        BTRKIT_TRY_ASSIGN(ownership.gid_map, parse_id_map(texts.gid_map));
    }
    return ownership;
}

} // namespace btrkit::source
