// SPDX-License-Identifier: MIT
#include "apps/common/group_type_text.h"

#include "formats/btrfs/block_group.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

std::string group_type_text(u64 flags) {
    std::vector<std::string_view> names;
    if ((flags & btrfs::block_group_data) != 0) {
        names.emplace_back("Data");
    }
    if ((flags & btrfs::block_group_metadata) != 0) {
        names.emplace_back("Metadata");
    }
    if ((flags & btrfs::block_group_system) != 0) {
        names.emplace_back("System");
    }
    return names.empty() ? "unknown" : fmt::format("{}", fmt::join(names, "+"));
}

} // namespace btrkit::apps
