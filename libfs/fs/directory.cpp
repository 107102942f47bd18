// SPDX-License-Identifier: MIT
#include "libfs/fs/directory.h"

#include "formats/btrfs/item_types.h"

namespace btrkit {

namespace {

/// Whether the parent knows the subvolume by this entry.
bool refers_to(Bytes root_ref, u64 dir, std::string_view name) {
    const auto* ref = view_at<btrfs::RootRef>(root_ref);
    return ref != nullptr && ref->dirid == dir && as_text(clipped(root_ref, sizeof(*ref), ref->name_len)) == name;
}

} // namespace

bool is_possible_name(std::string_view name) {
    return !name.empty() && name.size() <= btrfs::max_name_length && name != "." && name != ".." &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

bool DirEntry::is_subvolume() const {
    return location.type == btrfs::item_type::root_item;
}

Directory::Directory(const Filesystem& filesystem, const InodePlace& place)
    : tree_(place.tree.id), items_(filesystem.reader(), place.tree.block, place.inode, btrfs::item_type::dir_index) {}

Result<std::optional<DirEntry>> Directory::next() {
    BTRKIT_TRY_ASSIGN(const auto there, items_.next());
    if (!there) {
        return std::nullopt;
    }
    const Bytes data = items_.data();
    const auto* item = view_at<btrfs::DirItem>(data);
    const auto name = item == nullptr ? "" : as_text(clipped(data, sizeof(*item), item->name_len));
    if (item == nullptr || name.size() != item->name_len || !is_possible_name(name)) {
        return std::unexpected(item_error(ProblemCode::item_dir, tree_, items_.key(), "no possible name"));
    }
    return DirEntry{.index = items_.key().offset,
                    .name = std::string(name),
                    .location = item->location.to_key(),
                    .type = static_cast<btrfs::FileType>(item->type & ~btrfs::file_type_encrypted)};
}

Result<std::optional<InodePlace>> follow(const Filesystem& filesystem, const InodePlace& dir, const DirEntry& entry) {
    if (!entry.is_subvolume()) {
        return InodePlace{.tree = dir.tree, .inode = entry.location.objectid};
    }
    const btrfs::Key key{dir.tree.id, btrfs::item_type::root_ref, entry.location.objectid};
    ItemRange refs(filesystem.reader(), filesystem.root_tree().block, KeyRange::through(key, key));
    BTRKIT_TRY_ASSIGN(const auto there, refs.next());
    if (!there || !refers_to(refs.data(), dir.inode, entry.name)) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(auto tree, filesystem.find_tree(entry.location.objectid));
    return InodePlace{.tree = tree, .inode = btrfs::root_dir_inode};
}

} // namespace btrkit
