// SPDX-License-Identifier: MIT
#include "apps/common/partition_text.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

std::string partition_text(const Partition& partition) {
    std::vector<std::string> about = {partition.type.empty() ? "nothing known" : printable(partition.type)};
    for (const auto& name : {partition.name, partition.label}) {
        if (!name.empty()) {
            about.push_back(fmt::format("\"{}\"", printable(name)));
        }
    }
    about.push_back(size_text(partition.length_bytes));
    return fmt::format("p{} ({})", partition.number, fmt::join(about, ", "));
}

std::string list_text(std::span<const Partition> partitions) {
    std::vector<std::string> texts;
    for (const auto& partition : partitions) {
        texts.push_back(partition_text(partition));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

} // namespace btrkit::apps
