// SPDX-License-Identifier: MIT
#include "libfs/ops/source/tar_tree.h"

#include "formats/btrfs/inode.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <deque>
#include <ranges>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::source {

namespace {

std::unexpected<Error> refuse(std::string_view path, std::string_view why) {
    return fail(ErrorKind::damaged, fmt::format("{}: {}", printable(path), why));
}

/// As many as the kernel follows on one path.
constexpr unsigned most_symlinks = 40;

/// The parts of a path but empty ones and ".".
std::vector<std::string_view> names_in(std::string_view path) {
    std::vector<std::string_view> names;
    while (!path.empty()) {
        const std::string_view name = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(name.size() + 1, path.size()));
        if (!name.empty() && name != ".") {
            names.push_back(name);
        }
    }
    return names;
}

/// The parts of a path that mean something.
std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    for (const std::string_view name : names_in(path)) {
        if (name != "..") {
            parts.push_back(name);
        } else if (!parts.empty()) {
            parts.pop_back();
        }
    }
    return parts;
}

/// Drops the inodes that no name leads to any more.
void drop_unnamed(SourceTree& tree) {
    std::vector<u32> number(tree.inodes.size(), no_inode);
    number[0] = 0;
    for_each_entry(tree,
                   [&](u32 directory, u32 position) { number[tree.inodes[directory].entries[position].inode] = 0; });
    u32 kept = 0;
    for (u32 inode = 0; inode < tree.inodes.size(); ++inode) {
        if (number[inode] == no_inode) {
            continue;
        }
        number[inode] = kept;
        if (kept != inode) {
            tree.inodes[kept] = std::move(tree.inodes[inode]);
        }
        ++kept;
    }
    tree.inodes.resize(kept);
    for (SourceInode& inode : tree.inodes) {
        for (SourceEntry& entry : inode.entries) {
            entry.inode = number[entry.inode];
        }
    }
}

} // namespace

u32 TarTree::find(const Name& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? no_inode : tree_.inodes[found->directory].entries[found->position].inode;
}

Result<void> TarTree::put(const Place& place, u32 inode, std::string_view path) {
    if (const auto found = names_.find(place); found != names_.end()) {
        SourceEntry& entry = tree_.inodes[found->directory].entries[found->position];
        if (!tree_.inodes[entry.inode].entries.empty()) {
            return refuse(path, "is a directory that is not empty, but comes as something else");
        }
        entry.inode = inode;
        last_directory_.clear(); // it may have led through what is gone
        return {};
    }
    auto& entries = tree_.inodes[place.directory].entries;
    entries.push_back({.name = std::string(place.text), .inode = inode});
    names_.insert(Key{place.directory, static_cast<u32>(entries.size() - 1)});
    return {};
}

Result<u32> TarTree::make(const Place& place, SourceInode inode, std::string_view path) {
    const auto made = static_cast<u32>(tree_.inodes.size());
    tree_.inodes.push_back(std::move(inode));
    BTRKIT_TRY(put(place, made, path));
    return made;
}

Result<u32> TarTree::directory_of(const std::vector<std::string_view>& parts, std::string_view path,
                                  bool makes_missing) {
    struct Part {
        std::string_view text;
        bool is_of_link; ///< must be there: so nothing is made, and no text moves, while there are such parts
    };
    std::deque<Part> left;
    for (const std::string_view part : std::span(parts).first(parts.size() - 1)) {
        left.push_back({part, false});
    }
    std::vector<u32> way = {0};
    for (unsigned followed = 0; !left.empty();) {
        const Part part = left.front();
        left.pop_front();
        if (part.text == "..") {
            way.resize(std::max<std::size_t>(way.size() - 1, 1));
            continue;
        }
        const Name name{way.back(), part.text};
        u32 at = find(name);
        if (at == no_inode && (part.is_of_link || !makes_missing)) {
            return refuse(path, fmt::format("{} is not there", printable(part.text)));
        }
        if (at == no_inode) {
            BTRKIT_TRY_ASSIGN(at, make(name, std::move(empty_source_tree(now_).inodes.front()), path));
        }
        const SourceInode& inode = tree_.inodes[at];
        if (S_ISLNK(inode.mode)) {
            if (++followed > most_symlinks) {
                return refuse(path, "leads through too many symlinks");
            }
            if (inode.link_target.starts_with('/')) {
                way.resize(1);
            }
            for (const std::string_view text : std::views::reverse(names_in(inode.link_target))) {
                left.push_front({text, true});
            }
        } else if (S_ISDIR(inode.mode)) {
            way.push_back(at);
        } else {
            return refuse(path, fmt::format("{} is not a directory", printable(part.text)));
        }
    }
    return way.back();
}

Result<TarTree::Place> TarTree::place_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view last = path.substr(slash + 1); // npos + 1 is 0
    const std::string_view before = path.substr(0, path.size() - last.size());
    const bool last_is_name = !last.empty() && last != "." && last != "..";
    if (last.size() <= btrfs::max_name_length && last_is_name && !before.empty() && before == last_directory_) {
        return Place{last_directory_inode_, last};
    }
    const std::vector<std::string_view> parts = parts_of(path);
    for (const std::string_view part : parts) {
        if (part.size() > btrfs::max_name_length) {
            return refuse(
                path, fmt::format("has a name of {} bytes, but {} are the most", part.size(), btrfs::max_name_length));
        }
    }
    if (parts.empty()) {
        return Place{0, {}};
    }
    BTRKIT_TRY_ASSIGN(const u32 directory, directory_of(parts, path, true));
    if (last_is_name) {
        last_directory_ = before;
        last_directory_inode_ = directory;
    }
    return Place{directory, parts.back()};
}

Result<u32> TarTree::add(std::string_view path, SourceInode inode) {
    BTRKIT_TRY_ASSIGN(const Place place, place_of(path));
    const u32 there = place.text.empty() ? 0 : find(place);
    if (there == no_inode || !S_ISDIR(inode.mode) || !S_ISDIR(tree_.inodes[there].mode)) {
        if (place.text.empty()) {
            return refuse(path, "is the top directory, but comes as something else");
        }
        return make(place, std::move(inode), path);
    }
    SourceInode& old = tree_.inodes[there];
    inode.entries = std::move(old.entries);
    old = std::move(inode);
    return there;
}

Result<void> TarTree::add_link(std::string_view path, std::string_view target) {
    const auto missing = [&](std::string_view what) {
        return refuse(path, fmt::format("is a hard link to {}, which is {}", printable(target), what));
    };
    const auto parts = parts_of(target);
    u32 linked = 0;
    if (!parts.empty()) {
        const auto directory = directory_of(parts, target, false);
        linked = directory ? find({*directory, parts.back()}) : no_inode;
    }
    if (linked == no_inode) {
        return missing("not there");
    }
    if (S_ISDIR(tree_.inodes[linked].mode)) {
        return missing("a directory");
    }
    BTRKIT_TRY_ASSIGN(const Place place, place_of(path));
    if (place.text.empty()) {
        return refuse(path, "is the top directory, but comes as something else");
    }
    return put(place, linked, path);
}

SourceTree TarTree::release() {
    names_.clear();
    drop_unnamed(tree_);
    settle(tree_);
    return std::move(tree_);
}

} // namespace btrkit::source
