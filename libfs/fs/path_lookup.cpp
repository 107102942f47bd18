// SPDX-License-Identifier: MIT
#include "libfs/fs/path_lookup.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"

#include <ranges>

#include <fmt/format.h>

namespace btrkit {

namespace {

Bytes as_name(std::string_view name) {
    return std::as_bytes(std::span(name));
}

Result<btrfs::Key> find_entry(const Filesystem& filesystem, const InodePlace& dir, std::string_view name) {
    const btrfs::Key key{dir.inode, btrfs::item_type::dir_item, name_hash(as_name(name))};
    Cursor cursor(filesystem.reader(), dir.tree.block);
    if (cursor.seek(key) && cursor.key() == key) {
        if (const auto location = entry_of_name(cursor.data(), name)) {
            return *location;
        }
    }
    if (cursor.missed_items()) {
        return fail(ErrorKind::damaged, describe(cursor.damage().back()));
    }
    return fail(ErrorKind::not_found, fmt::format("no \"{}\"", printable(name)));
}

Result<InodePlace> enter(const Filesystem& filesystem, const InodePlace& dir, const btrfs::Key& location) {
    if (location.type != btrfs::item_type::root_item) {
        return InodePlace{.tree = dir.tree, .inode = location.objectid};
    }
    BTRKIT_TRY_ASSIGN(auto tree, filesystem.find_tree(location.objectid));
    return InodePlace{.tree = tree, .inode = btrfs::root_dir_inode};
}

} // namespace

std::optional<btrfs::Key> entry_of_name(Bytes entries, std::string_view name) {
    std::size_t offset = 0;
    while (const auto* entry = view_at<btrfs::DirItem>(entries, offset)) {
        const std::size_t name_at = offset + sizeof(*entry);
        if (entry->name_len == name.size() && as_text(clipped(entries, name_at, name.size())) == name) {
            return entry->location.to_key();
        }
        offset = name_at + entry->name_len + entry->data_len;
    }
    return std::nullopt;
}

std::vector<std::string_view> path_names(std::string_view path) {
    std::vector<std::string_view> names;
    for (const auto part : std::views::split(path, '/')) {
        const std::string_view name(part.begin(), part.end());
        if (!name.empty() && name != ".") {
            names.push_back(name);
        }
    }
    return names;
}

Result<InodePlace> find_path(const Filesystem& filesystem, std::string_view path) {
    BTRKIT_TRY_ASSIGN(auto top, filesystem.find_tree(btrfs::fs_tree_id));
    return find_path_from(filesystem, {.tree = top, .inode = btrfs::root_dir_inode}, path);
}

Result<InodePlace> find_path_from(const Filesystem& filesystem, const InodePlace& top, std::string_view path) {
    InodePlace place = top;
    for (const auto name : path_names(path)) {
        const auto location = find_entry(filesystem, place, name);
        auto entered = location ? enter(filesystem, place, *location) : std::unexpected(location.error());
        if (!entered) {
            return fail(entered.error().kind, fmt::format("path {}: {}", printable(path), entered.error().message));
        }
        place = *entered;
    }
    return place;
}

} // namespace btrkit
