// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/entries.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::diff {

std::string path_below(std::string_view path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}/{}", path, name);
}

std::vector<Entry> Entries::read(std::string_view path, const Entry& dir) {
    std::vector<Entry> entries;
    if (!entered_.emplace(dir.tree->id, dir.inode).second) {
        context_.fail(path, {ErrorKind::damaged, "the directory stands at several places"});
        return entries;
    }
    const auto place = dir.place();
    Directory directory(side_.filesystem, place);
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
        const auto leads_to = follow(side_.filesystem, place, found);
        if (!leads_to) {
            context_.fail(own_path, leads_to.error());
        }
        const auto* target = leads_to && *leads_to ? &**leads_to : nullptr;
        const auto tree = target == nullptr                  ? nullptr
                          : target->tree.id == place.tree.id ? dir.tree
                                                             : std::make_shared<const TreeRoot>(target->tree);
        entries.push_back({.name = std::move(found.name),
                           .tree = tree,
                           .inode = target == nullptr ? 0 : target->inode,
                           .type = found.type,
                           .is_subvolume = found.is_subvolume()});
    }
    std::ranges::sort(entries, {},
                      [](const Entry& entry) { return std::pair(std::string_view(entry.name), entry.inode); });
    const auto same = std::ranges::unique(entries, {}, &Entry::name);
    entries.erase(same.begin(), same.end());
    return entries;
}

} // namespace btrkit::diff
