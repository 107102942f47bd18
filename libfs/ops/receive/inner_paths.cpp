// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/inner_paths.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::receive {

namespace {

/// "o257-12-0".
bool is_provisional(std::string_view path) {
    return path.starts_with('o') && std::ranges::count(path, '-') == 2 &&
           std::ranges::all_of(path.substr(1), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

struct SplitPath {
    std::string_view dir;
    std::string_view name;
};

SplitPath split_last(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? SplitPath{{}, path}
                                           : SplitPath{path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace

Result<PlaceInTree> InnerPaths::step(const PlaceInTree& dir, std::string_view name) {
    if (!check_name(name)) {
        return fail(ErrorKind::refused, fmt::format("\"{}\" is no name that can be followed", printable(name)));
    }
    BTRKIT_TRY_ASSIGN(const auto location, files_->directories().find_entry(dir, name));
    if (!location) {
        return fail(ErrorKind::not_found, fmt::format("there is no \"{}\"", printable(name)));
    }
    if (location->type != btrfs::item_type::inode_item) {
        return fail(ErrorKind::refused, fmt::format("\"{}\" is another subvolume", printable(name)));
    }
    return PlaceInTree{.tree = dir.tree, .inode = location->objectid};
}

Result<PlaceInTree> InnerPaths::find_directory(std::string_view path) {
    if (path.empty()) {
        return top();
    }
    if (last_directory_ && last_directory_->path == path) {
        return last_directory_->place;
    }
    PlaceInTree place = top();
    for (std::string_view rest = path;;) {
        const auto slash = std::min(rest.find('/'), rest.size());
        BTRKIT_TRY_ASSIGN(place, step(place, rest.substr(0, slash)));
        if (slash == rest.size()) {
            break;
        }
        rest.remove_prefix(slash + 1);
    }
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(place));
    if (!S_ISDIR(inode.mode)) {
        return fail(ErrorKind::refused, fmt::format("{} is no directory", printable(path)));
    }
    last_directory_ = {std::string(path), place};
    return place;
}

Result<PlaceInTree> InnerPaths::find(std::string_view path) {
    if (path.empty()) {
        return top();
    }
    if (last_ && last_->path == path) {
        return last_->place;
    }
    const auto split = split_last(path);
    if (split.dir.empty() && split.name.size() != path.size()) {
        return fail(ErrorKind::refused, "the path is absolute");
    }
    BTRKIT_TRY_ASSIGN(const auto dir, find_directory(split.dir));
    BTRKIT_TRY_ASSIGN(const auto place, step(dir, split.name));
    last_ = {std::string(path), place};
    return place;
}

Result<NamedPlace> InnerPaths::find_parent(std::string_view path) {
    const auto split = split_last(path);
    if (path.empty() || (split.dir.empty() && split.name.size() != path.size()) || !check_name(split.name)) {
        return fail(ErrorKind::refused, "the path ends in no name that a file can have");
    }
    BTRKIT_TRY_ASSIGN(const auto dir, find_directory(split.dir));
    return NamedPlace{.dir = dir, .name = std::string(split.name)};
}

Result<FreeName> InnerPaths::place_for_new(std::string_view path) {
    BTRKIT_TRY_ASSIGN(auto place, find_parent(path));
    return files_->directories().find_free(std::move(place));
}

Result<void> InnerPaths::change_top(std::string_view path, const std::function<Result<void>()>& change) {
    if (!is_provisional(path)) {
        return change();
    }
    BTRKIT_TRY_ASSIGN(const auto before, inodes_->get(top()));
    BTRKIT_TRY(change());
    return inodes_->change(top(), [&](btrfs::InodeItem& item) {
        item.mtime = timespec_of(before.mtime);
        item.ctime = timespec_of(before.ctime);
    });
}

void InnerPaths::forget() {
    last_.reset();
    last_directory_.reset();
}

} // namespace btrkit::receive
