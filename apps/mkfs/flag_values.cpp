// SPDX-License-Identifier: MIT
#include "apps/mkfs/flag_values.h"

#include "apps/common/sizes.h"
#include "formats/btrfs/flags.h"
#include "libfs/base/split.h"

#include <array>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct SubvolumeType {
    std::string_view name;
    source::SubvolumeKind kind;
    bool is_default;
};
constexpr std::array subvolume_types = std::to_array<SubvolumeType>({
    {"rw", source::SubvolumeKind::writable, false},
    {"ro", source::SubvolumeKind::read_only, false},
    {"default", source::SubvolumeKind::writable, true},
    {"default-ro", source::SubvolumeKind::read_only, true},
});

} // namespace

Result<SubvolumeFlag> parse_subvolume(std::string_view text) {
    const auto colon = text.find(':');
    SubvolumeFlag flag;
    const auto* type = colon == std::string_view::npos
                           ? subvolume_types.end()
                           : std::ranges::find(subvolume_types, text.substr(0, colon), &SubvolumeType::name);
    if (type != subvolume_types.end()) {
        flag.kind = type->kind;
        flag.is_default = type->is_default;
        text.remove_prefix(colon + 1);
    }
    if (text.empty()) {
        return fail(ErrorKind::usage, "a subvolume needs a path");
    }
    flag.path = text;
    return flag;
}

Result<InodeFlagsFlag> parse_inode_flags(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) {
        return fail(ErrorKind::usage, fmt::format("'{}' is not FLAGS:PATH", text));
    }
    InodeFlagsFlag flag = {.path = std::string(text.substr(colon + 1))};
    for (const auto name : split(text.substr(0, colon), ',')) {
        if (name == "nodatacow") {
            flag.flags |= btrfs::inode_nodatacow;
        } else if (name == "nodatasum") {
            flag.flags |= btrfs::inode_nodatasum;
        } else {
            return fail(ErrorKind::usage, fmt::format("unknown inode flag '{}' (nodatacow, nodatasum)", name));
        }
    }
    return flag;
}

Result<SizeFlag> parse_size_flag(std::string_view text) {
    constexpr std::string_view least = "min";
    if (text == "auto" || text == least) {
        return SizeFlag{};
    }
    const bool has_slack = text.starts_with(least) && text.substr(least.size()).starts_with('+');
    const auto bytes = parse_size(has_slack ? text.substr(least.size() + 1) : text);
    if (!bytes) {
        return fail(ErrorKind::usage, fmt::format("'{}' is not auto, min+SLACK or a size", text));
    }
    return has_slack ? SizeFlag{.bytes = std::nullopt, .slack_bytes = *bytes} : SizeFlag{.bytes = bytes};
}

} // namespace btrkit::apps
