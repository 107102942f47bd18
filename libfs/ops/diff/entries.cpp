// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/entries.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::diff {

std::string path_below(std::string_view path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}/{}", path, name);
}

std::vector<Entry> Entries::read(std::string_view path, const InodePlace& dir) {
    std::vector<Entry> entries;
    if (!entered_.emplace(dir.tree.id, dir.inode).second) {
        context_.fail(path, {ErrorKind::damaged, "the directory stands at several places"});
        return entries;
    }
    Directory directory(side_.filesystem, dir);
    for (;;) {
        auto entry = directory.next();
        if (!entry) {
            context_.fail(path, entry.error());
            continue;
        }
        if (!*entry) {
            break;
        }
        auto& found = **entry;
        const auto own_path = path_below(path, found.name);
        if (left_out_.contains(own_path)) {
            continue;
        }
        auto place = follow(side_.filesystem, dir, found);
        if (!place) {
            context_.fail(own_path, place.error());
        }
        entries.push_back({.name = std::move(found.name),
                           .place = place ? std::move(*place) : std::nullopt,
                           .type = found.type,
                           .is_subvolume = found.is_subvolume()});
    }
    std::ranges::sort(entries, {}, [](const Entry& entry) {
        return std::pair(std::string_view(entry.name), entry.place ? entry.place->inode : 0);
    });
    const auto same = std::ranges::unique(entries, {}, &Entry::name);
    entries.erase(same.begin(), same.end());
    return entries;
}

} // namespace btrkit::diff
