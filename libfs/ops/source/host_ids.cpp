// SPDX-License-Identifier: MIT
#include "libfs/ops/source/host_ids.h"

#include <charconv>
#include <limits>
#include <vector>

#include <grp.h>
#include <pwd.h>

namespace btrkit::source {

namespace {

/// The largest record that is taken; a group with more members than fit is as if it were not there.
constexpr std::size_t longest_record_bytes = std::size_t{1} << 20;

/// Nothing where text is no number; the last one is for the caller to refuse.
std::optional<u32> id_in(const std::string& text) {
    u32 id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(id) : std::nullopt;
}

std::optional<u32> unless_none(u32 id) {
    return id < std::numeric_limits<u32>::max() ? std::optional(id) : std::nullopt;
}

} // namespace

std::optional<u32> host_user_id(const std::string& text) {
    if (const auto number = id_in(text)) {
        return unless_none(*number);
    }
    std::vector<char> buffer(longest_record_bytes);
    passwd record{};
    passwd* found = nullptr;
    static_cast<void>(::getpwnam_r(text.c_str(), &record, buffer.data(), buffer.size(), &found));
    return found != nullptr ? unless_none(found->pw_uid) : std::nullopt;
}

std::optional<u32> host_group_id(const std::string& text) {
    if (const auto number = id_in(text)) {
        return unless_none(*number);
    }
    std::vector<char> buffer(longest_record_bytes);
    group record{};
    group* found = nullptr;
    static_cast<void>(::getgrnam_r(text.c_str(), &record, buffer.data(), buffer.size(), &found));
    return found != nullptr ? unless_none(found->gr_gid) : std::nullopt;
}

} // namespace btrkit::source
