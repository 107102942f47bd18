// SPDX-License-Identifier: MIT
#include "libfs/survey/device_errors.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/block_cache.h"
#include "libfs/tree/tree_search.h"

#include <cstring>

#include <fmt/format.h>

namespace btrkit::survey {

btrfs::DevStatsItem device_errors_of(Bytes body) {
    btrfs::DevStatsItem errors;
    std::memcpy(&errors, body.data(), std::min(body.size(), sizeof(errors)));
    return errors;
}

std::string device_errors_text(const btrfs::DevStatsItem& errors) {
    std::string text;
    btrfs::for_each_field<btrfs::DevStatsItem>([&](const auto& field) {
        if (const u64 count = errors.*(field.member); count != 0) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", field.name, count);
        }
    });
    return text;
}

Result<std::optional<btrfs::DevStatsItem>> read_device_errors(const Filesystem& filesystem, u64 devid) {
    const auto tree = filesystem.find_tree(btrfs::dev_tree_id);
    if (!tree) {
        return std::unexpected(tree.error());
    }
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, tree->block);
    BTRKIT_TRY_ASSIGN(const bool is_there,
                      search.find({btrfs::dev_stats_objectid, btrfs::item_type::persistent_item, devid}));
    return is_there ? std::optional(device_errors_of(search.data())) : std::nullopt;
}

} // namespace btrkit::survey
