// SPDX-License-Identifier: MIT
#include "apps/edit/attribute_text.h"

#include "apps/common/sizes.h"
#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <limits>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> wrong_text(std::string what) {
    return fail(ErrorKind::usage, std::move(what));
}

constexpr std::array all_flag_letters = std::to_array<FlagLetter>({
    {'S', btrfs::inode_sync},
    {'D', btrfs::inode_dirsync},
    {'i', btrfs::inode_immutable},
    {'a', btrfs::inode_append},
    {'d', btrfs::inode_nodump},
    {'A', btrfs::inode_noatime},
    {'c', btrfs::inode_compress},
    {'C', btrfs::inode_nodatacow},
    {'m', btrfs::inode_nocompress},
});

u64 flag_of(char letter) {
    const auto* found = std::ranges::find(all_flag_letters, letter, &FlagLetter::letter);
    return found == all_flag_letters.end() ? 0 : found->flag;
}

std::optional<std::string> from_hex(std::string_view digits) {
    std::string bytes;
    for (; digits.size() >= 2; digits.remove_prefix(2)) {
        unsigned value = 0;
        const auto [end, status] = std::from_chars(digits.begin(), digits.begin() + 2, value, 16);
        if (status != std::errc() || end != digits.begin() + 2) {
            return std::nullopt;
        }
        bytes += static_cast<char>(value);
    }
    return digits.empty() ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    std::string bytes;
    u32 bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = digits.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = bits << 6U | static_cast<u32>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xffU);
        }
    }
    return bytes;
}

Result<std::optional<u32>> parse_own_id(std::string_view text) {
    if (text.empty()) {
        return std::optional<u32>();
    }
    const auto number = parse_number(text);
    // The last one means "no id" to the kernel.
    if (!number || *number >= std::numeric_limits<u32>::max()) {
        return wrong_text(fmt::format("'{}' is no number of an owner; names may mean others in the image than here",
                                      printable(text)));
    }
    return std::optional(static_cast<u32>(*number));
}

} // namespace

Result<std::string> xattr_value(std::string_view text) {
    std::optional<std::string> bytes{std::string(text)};
    if (text.starts_with("0x") || text.starts_with("0X")) {
        bytes = from_hex(text.substr(2));
    } else if (text.starts_with("0s") || text.starts_with("0S")) {
        bytes = from_base64(text.substr(2));
    }
    return bytes ? Result<std::string>(std::move(*bytes))
                 : wrong_text(fmt::format("'{}' is not what its beginning says, 0xHEX or 0sBASE64", printable(text)));
}

Result<void> check_xattr_name(std::string_view name) {
    constexpr std::array<std::string_view, 5> namespaces = {"user.", "trusted.", "security.", "system.", "btrfs."};
    const bool is_known = std::ranges::any_of(
        namespaces, [&](std::string_view each) { return name.starts_with(each) && name.size() > each.size(); });
    return is_known ? Result<void>()
                    : wrong_text(fmt::format("'{}' is no attribute of user, trusted, security, system or btrfs",
                                             printable(name)));
}

Result<NumericOwner> parse_numeric_owner(std::string_view text) {
    const auto colon = text.find(':');
    NumericOwner owner;
    BTRKIT_TRY_ASSIGN(owner.uid, parse_own_id(text.substr(0, colon)));
    if (colon != std::string_view::npos) {
        BTRKIT_TRY_ASSIGN(owner.gid, parse_own_id(text.substr(colon + 1)));
    }
    return owner.uid || owner.gid ? Result<NumericOwner>(owner)
                                  : wrong_text(fmt::format("'{}' is not UID[:GID]", printable(text)));
}

Result<Time> parse_time(const std::string& text) {
    const auto bad = [&] {
        return wrong_text(
            fmt::format("'{}' is neither @SECONDS[.FRACTION] nor YYYY-MM-DD[ HH:MM:SS]", printable(text)));
    };
    Time time;
    if (text.starts_with('@')) {
        const char* const end = text.data() + text.size();
        const auto [at, status] = std::from_chars(text.data() + 1, end, time.sec);
        if (status != std::errc() || (at != end && *at != '.')) {
            return bad();
        }
        auto fraction = at == end ? std::string() : std::string(at + 1, end);
        if (fraction.size() > 9 ||
            !std::ranges::all_of(fraction, [](unsigned char c) { return std::isdigit(c) != 0; })) {
            return bad();
        }
        fraction.resize(9, '0');
        std::from_chars(fraction.data(), fraction.data() + fraction.size(), time.nsec);
        return time;
    }
    std::tm parts{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%d", &parts);
    if (rest != nullptr && (*rest == ' ' || *rest == 'T')) {
        rest = ::strptime(rest + 1, "%H:%M:%S", &parts);
    }
    if (rest == nullptr || *rest != '\0') {
        return bad();
    }
    time.sec = ::timegm(&parts);
    return time;
}

std::span<const FlagLetter> flag_letters() {
    return all_flag_letters;
}

Result<FlagChange> parse_flag_change(std::string_view text) {
    const bool has_sign = text.starts_with('+') || text.starts_with('=');
    if (!has_sign || text == "+" ||
        !std::ranges::all_of(text.substr(1), [](char letter) { return flag_of(letter) != 0; })) {
        return wrong_text(fmt::format("'{}' is not +, - or = with flags out of AcCdDaimS", printable(text)));
    }
    u64 flags = 0;
    u64 all = 0;
    for (const char letter : text.substr(1)) {
        flags |= flag_of(letter);
    }
    for (const auto& entry : all_flag_letters) {
        all |= entry.flag;
    }
    return text[0] == '+' ? FlagChange{.set = flags} : FlagChange{.set = flags, .clear = all};
}

std::string flags_text(u64 flags) {
    std::string text;
    for (const auto& entry : all_flag_letters) {
        text += (flags & entry.flag) != 0 ? entry.letter : '-';
    }
    return text;
}

} // namespace btrkit::apps
