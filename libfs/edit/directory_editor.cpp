// SPDX-License-Identifier: MIT
#include "libfs/edit/directory_editor.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/edit/dir_item_list.h"
#include "libfs/edit/new_inode.h"
#include "libfs/fs/path_lookup.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

Bytes as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

btrfs::Key dir_item_key(u64 dir, std::string_view name) {
    return {dir, type::dir_item, name_hash(as_bytes(name))};
}

std::unexpected<Error> bad_entry(const PlaceInTree& dir, std::string_view name) {
    return fail(ErrorKind::damaged, fmt::format("the entry \"{}\" of directory {} in tree {} does not stand as it "
                                                "should; run btrkit-check",
                                                printable(name), dir.inode, dir.tree));
}

} // namespace

Result<std::optional<btrfs::Key>> DirectoryEditor::find_entry(const PlaceInTree& dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find(dir_item_key(dir.inode, name)));
    return item ? entry_of_name(item->body, name) : std::nullopt;
}

Result<PlaceInTree> DirectoryEditor::find(std::string_view path) {
    PlaceInTree place = {.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode};
    std::string way;
    for (const auto name : path_names(path)) {
        if (name == "..") {
            return fail(ErrorKind::usage, fmt::format("path {}: \"..\" is not followed", printable(path)));
        }
        BTRKIT_TRY_ASSIGN(const auto location, find_entry(place, name));
        if (!location) {
            return not_found(place, way, name, path);
        }
        place = location->type == type::root_item
                    ? PlaceInTree{.tree = location->objectid, .inode = btrfs::root_dir_inode}
                    : PlaceInTree{.tree = place.tree, .inode = location->objectid};
        way += '/';
        way += name;
    }
    return place;
}

/// Why there is no such name at the end of that way.
std::unexpected<Error> DirectoryEditor::not_found(const PlaceInTree& place, std::string_view way, std::string_view name,
                                                  std::string_view path) {
    auto* tree = transaction_->tree(place.tree).value_or(nullptr);
    const auto item =
        tree == nullptr ? std::nullopt : tree->find({place.inode, type::inode_item, 0}).value_or(std::nullopt);
    const auto* inode = item ? view_at<btrfs::InodeItem>(item->body) : nullptr;
    if (inode != nullptr && S_ISLNK(inode->mode)) {
        return fail(ErrorKind::not_found, fmt::format("path {}: {} is a symbolic link, which is not followed: write "
                                                      "where it leads",
                                                      printable(path), printable(way)));
    }
    if (inode != nullptr && !S_ISDIR(inode->mode)) {
        return fail(ErrorKind::not_found, fmt::format("path {}: {} is no directory", printable(path), printable(way)));
    }
    return fail(ErrorKind::not_found,
                fmt::format("no \"{}\" in the image (looking for {})", printable(name), printable(path)));
}

Result<NamedPlace> DirectoryEditor::find_parent(std::string_view path) {
    auto names = path_names(path);
    const bool is_possible = !names.empty() && names.back() != ".." && names.back().size() <= btrfs::max_name_length;
    if (!is_possible) {
        return fail(ErrorKind::usage, fmt::format("\"{}\" ends in no name that can be made", printable(path)));
    }
    const std::string name(names.back());
    names.pop_back();
    std::string parent;
    for (const auto part : names) {
        parent += '/';
        parent += part;
    }
    BTRKIT_TRY_ASSIGN(const auto dir, find(parent));
    return NamedPlace{.dir = dir, .name = name};
}

Result<PlaceInTree> DirectoryEditor::make_directory(const PlaceInTree& dir, std::string_view name, u64 above) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto last, tree->last_up_to({btrfs::last_free_objectid, 0xff, ~u64{0}}));
    const u64 number = std::max({last ? last->key.objectid + 1 : 0, btrfs::root_dir_inode + 1, above + 1});
    if (number > btrfs::last_free_objectid) {
        return fail(ErrorKind::no_space, "no inode number is left");
    }
    const btrfs::Key location = {number, type::inode_item, 0};
    BTRKIT_TRY_ASSIGN(const u64 index,
                      add_entry(NamedPlace{dir, std::string(name)}, location, btrfs::FileType::directory));
    NewInode made;
    made.inode.number = number;
    made.inode.generation = made.inode.transid = transaction_->generation();
    made.inode.nlink = 1;
    made.inode.mode = S_IFDIR | 0755;
    made.inode.atime = made.inode.ctime = made.inode.mtime = made.inode.otime = now_;
    const NewName link = {.dir = dir.inode, .index = index, .name = name};
    made.names = std::span(&link, 1);
    BTRKIT_TRY(add_inode_items(*tree, transaction_->geometry(), made));
    return PlaceInTree{.tree = dir.tree, .inode = number};
}

Result<void> DirectoryEditor::make_parents(std::string_view path) {
    const auto names = path_names(path);
    std::string way;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        way += '/';
        way += names[i];
        const auto there = find(way);
        if (!there && there.error().kind != ErrorKind::not_found) {
            return std::unexpected(there.error());
        }
        if (!there) {
            BTRKIT_TRY_ASSIGN(const auto place, find_parent(way));
            BTRKIT_TRY(make_directory(place.dir, place.name));
        }
    }
    return {};
}

/// Behind the last entry. It is remembered: where many entries have gone in this run, it takes long to find.
Result<u64> DirectoryEditor::next_index(const PlaceInTree& dir) {
    constexpr std::size_t most_remembered = 4096;
    if (next_indexes_.size() == most_remembered) {
        next_indexes_.clear();
    }
    auto& next = next_indexes_[{dir.tree, dir.inode}];
    if (next == 0) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
        BTRKIT_TRY_ASSIGN(const auto last, tree->last_up_to({dir.inode, type::dir_index, ~u64{0}}));
        const bool has_entries = last && last->key.objectid == dir.inode && last->key.type == type::dir_index;
        next = has_entries ? last->key.offset + 1 : btrfs::first_dir_index;
    }
    return next++;
}

Result<FreeName> DirectoryEditor::find_free(NamedPlace place) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(place.dir.tree));
    BTRKIT_TRY_ASSIGN(auto same_hash, tree->find(dir_item_key(place.dir.inode, place.name)));
    if (same_hash && entry_of_name(same_hash->body, place.name)) {
        return fail(ErrorKind::refused, fmt::format("\"{}\" is there already", printable(place.name)));
    }
    return FreeName{.place = std::move(place),
                    .same_hash = same_hash ? std::move(same_hash->body) : std::vector<std::byte>()};
}

Result<u64> DirectoryEditor::add_entry(const FreeName& free, const btrfs::Key& location, btrfs::FileType file_type) {
    const auto& [dir, name] = free.place;
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    BTRKIT_TRY(touch(dir, 2 * static_cast<std::int64_t>(name.size())));
    const auto entry = dir_item_of(location, file_type, transaction_->generation(), name);
    auto body = free.same_hash;
    body.insert(body.end(), entry.begin(), entry.end());
    if (body.size() > btrfs::max_item_size(transaction_->geometry().nodesize)) {
        return fail(ErrorKind::no_space,
                    fmt::format("too many names in one directory share the hash of \"{}\"", printable(name)));
    }
    BTRKIT_TRY_ASSIGN(const u64 index, next_index(dir));
    tree->put(dir_item_key(dir.inode, name), body);
    tree->put({dir.inode, type::dir_index, index}, entry);
    return index;
}

Result<u64> DirectoryEditor::add_entry(const NamedPlace& place, const btrfs::Key& location, btrfs::FileType file_type) {
    BTRKIT_TRY_ASSIGN(const auto free, find_free(place));
    return add_entry(free, location, file_type);
}

Result<void> DirectoryEditor::remove_entry(const PlaceInTree& dir, std::string_view name, u64 index) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find(dir_item_key(dir.inode, name)));
    auto rest = item ? without_dir_item(item->body, name) : std::nullopt;
    BTRKIT_TRY_ASSIGN(const auto indexed, tree->find({dir.inode, type::dir_index, index}));
    if (!rest || !indexed || !entry_of_name(indexed->body, name)) {
        return bad_entry(dir, name);
    }
    if (rest->empty()) {
        BTRKIT_TRY(tree->erase(dir_item_key(dir.inode, name)));
    } else {
        tree->put(dir_item_key(dir.inode, name), *rest);
    }
    BTRKIT_TRY(tree->erase({dir.inode, type::dir_index, index}));
    return touch(dir, -2 * static_cast<std::int64_t>(name.size()));
}

/// A directory's size is twice that of its names.
Result<void> DirectoryEditor::touch(const PlaceInTree& dir, std::int64_t size_change) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    const btrfs::Key key = {dir.inode, type::inode_item, 0};
    BTRKIT_TRY_ASSIGN(auto item, tree->find(key));
    auto* inode = item && item->body.size() >= sizeof(btrfs::InodeItem)
                      ? reinterpret_cast<btrfs::InodeItem*>(item->body.data())
                      : nullptr;
    if (inode == nullptr || !S_ISDIR(inode->mode)) {
        return fail(ErrorKind::not_found, fmt::format("inode {} of tree {} is no directory", dir.inode, dir.tree));
    }
    inode->size = u64{inode->size} + static_cast<u64>(size_change);
    inode->transid = transaction_->generation();
    inode->sequence = u64{inode->sequence} + 1;
    inode->mtime = inode->ctime = timespec_of(now_);
    tree->put(key, item->body);
    return {};
}

} // namespace btrkit
