// SPDX-License-Identifier: MIT
#include "libfs/stream/path_rules.h"

#include "formats/btrfs/inode.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace send = btrfs::send;

/// Paths below the subvolume, by their attributes; the link of a hard link is one, that of a symbolic link is not.
bool is_inner_path(send::Command command, send::Attribute attribute) {
    switch (attribute) {
    case send::Attribute::path:
    case send::Attribute::path_to:
    case send::Attribute::clone_path: return true;
    case send::Attribute::path_link: return command == send::Command::link;
    default: return false;
    }
}

bool leads_out(std::string_view path) {
    return path.starts_with('/') || std::ranges::any_of(path | std::views::split('/'), [](const auto& part) {
               return std::string_view(part) == "..";
           });
}

} // namespace

std::string what_is_wrong_with_paths(const StreamCommand& command) {
    for (const auto& value : command.values()) {
        const auto path = as_text(value.bytes);
        if (is_inner_path(command.command(), value.attribute) && leads_out(path)) {
            return fmt::format("{} '{}' leads out of the subvolume", send::attribute_info(value.attribute).name,
                               printable(path));
        }
    }
    return {};
}

std::string what_is_wrong_with_name(std::string_view name) {
    if (name.empty() || name == "." || name == ".." || name.contains('/') || name.size() > btrfs::max_name_length) {
        return fmt::format("'{}' is no name of a subvolume", printable(name.substr(0, btrfs::max_name_length)));
    }
    return {};
}

} // namespace btrkit
