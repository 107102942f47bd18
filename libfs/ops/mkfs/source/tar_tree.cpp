// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/source/tar_tree.h"

#include "formats/btrfs/inode.h"
#include "libfs/base/names.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::mkfs {

namespace {

std::unexpected<Error> refuse(std::string_view path, std::string_view why) {
    return fail(ErrorKind::damaged, fmt::format("{}: {}", printable(path), why));
}

/// The parts of a path that mean something.
std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        if (part == "..") {
            if (!parts.empty()) {
                parts.pop_back();
            }
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    return parts;
}

} // namespace

u32 TarTree::find(const Name& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? no_inode : tree_.inodes[found->directory].entries[found->position].inode;
}

void TarTree::put(const Place& place, u32 inode) {
    auto& entries = tree_.inodes[place.directory].entries;
    entries.push_back({.name = std::string(place.text), .inode = inode});
    names_.insert(Key{place.directory, static_cast<u32>(entries.size() - 1)});
}

u32 TarTree::make(const Place& place, SourceInode inode) {
    const auto made = static_cast<u32>(tree_.inodes.size());
    tree_.inodes.push_back(std::move(inode));
    put(place, made);
    return made;
}

Result<u32> TarTree::directory_of(const std::vector<std::string_view>& parts, std::string_view path) {
    u32 at = 0;
    for (const std::string_view part : std::span(parts).first(parts.size() - 1)) {
        const Name name{at, part};
        at = find(name);
        if (at == no_inode) {
            at = make(name, std::move(empty_source_tree(now_).inodes.front()));
        } else if (!S_ISDIR(tree_.inodes[at].mode)) {
            const auto parent = path.substr(0, static_cast<std::size_t>(part.data() + part.size() - path.data()));
            return refuse(path, fmt::format("{} is not a directory", printable(parent)));
        }
    }
    return at;
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
    BTRKIT_TRY_ASSIGN(const u32 directory, directory_of(parts, path));
    if (last_is_name) {
        last_directory_ = before;
        last_directory_inode_ = directory;
    }
    return Place{directory, parts.back()};
}

Result<u32> TarTree::add(std::string_view path, SourceInode inode) {
    BTRKIT_TRY_ASSIGN(const Place place, place_of(path));
    const u32 there = place.text.empty() ? 0 : find(place);
    if (there == no_inode) {
        return make(place, std::move(inode));
    }
    SourceInode& old = tree_.inodes[there];
    if (!S_ISDIR(inode.mode) || !S_ISDIR(old.mode)) {
        return refuse(path, place.text.empty() ? "is the top directory, but comes as something else"
                                               : "comes twice, and not as a directory");
    }
    inode.entries = std::move(old.entries);
    old = std::move(inode);
    return there;
}

Result<void> TarTree::add_link(std::string_view path, std::string_view target) {
    u32 linked = 0;
    for (const std::string_view part : parts_of(target)) {
        linked = find({linked, part});
        if (linked == no_inode) {
            return refuse(path, fmt::format("is a hard link to {}, which is not there", printable(target)));
        }
    }
    if (S_ISDIR(tree_.inodes[linked].mode)) {
        return refuse(path, fmt::format("is a hard link to {}, which is a directory", printable(target)));
    }
    BTRKIT_TRY_ASSIGN(const Place place, place_of(path));
    if (place.text.empty() || find(place) != no_inode) {
        return refuse(path, "comes twice, and not as a directory");
    }
    put(place, linked);
    return {};
}

SourceTree TarTree::release() {
    names_.clear();
    settle(tree_);
    return std::move(tree_);
}

} // namespace btrkit::mkfs
