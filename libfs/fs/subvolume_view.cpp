// SPDX-License-Identifier: MIT
#include "libfs/fs/subvolume_view.h"

#include "libfs/base/checksum.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/name_items.h"

#include <ranges>

namespace btrkit {

namespace type = btrfs::item_type;

std::string path_from(std::span<const std::string> names_upwards) {
    std::string path;
    for (const auto& name : names_upwards | std::views::reverse) {
        path += path.empty() ? "" : "/";
        path += name;
    }
    return path;
}

bool is_inode_ref_of(const btrfs::Key& key, u64 inode) {
    return key.objectid == inode && (key.type == type::inode_ref || key.type == type::inode_extref);
}

SubvolumeView::SubvolumeView(BlockCache& cache, const TreeRoot& tree)
    : cache_(&cache), tree_(tree), inode_items_(search()), refs_(search()), entries_(search()) {}

Error SubvolumeView::damaged(const btrfs::Key& key, std::string what) const {
    return item_error(ProblemCode::item_inode, id(), key, std::move(what));
}

Result<std::optional<Inode>> SubvolumeView::find_inode(u64 number) {
    const btrfs::Key key{number, type::inode_item, 0};
    BTRKIT_TRY_ASSIGN(const auto there, inode_items_.find(key));
    if (!there) {
        return std::nullopt;
    }
    const auto* item = view_at<btrfs::InodeItem>(inode_items_.data());
    if (item == nullptr) {
        return std::unexpected(item_error(ProblemCode::item_size, id(), key, "too short for an inode"));
    }
    return parse_inode(number, *item);
}

Result<std::optional<ParentName>> SubvolumeView::first_name(u64 number) {
    BTRKIT_TRY_ASSIGN(const auto there, refs_.seek({number, type::inode_ref, 0}));
    if (!there || !is_inode_ref_of(refs_.key(), number)) {
        return std::nullopt;
    }
    std::optional<ParentName> first;
    for_each_name(refs_.key(), refs_.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
        if (!first) {
            first = ParentName{.dir = record.parent, .name = std::string(as_text(record.name))};
        }
    });
    if (!first || !is_possible_name(first->name)) {
        return std::unexpected(damaged(refs_.key(), first ? "no possible name" : "a reference that is cut off"));
    }
    return first;
}

Result<std::string> SubvolumeView::path_of(u64 number) {
    std::vector<std::string> names; // from the inode up
    while (number != btrfs::root_dir_inode) {
        std::optional<ParentName> name;
        if (names.size() < most_path_levels) {
            BTRKIT_TRY_ASSIGN(name, first_name(number));
        }
        if (!name) {
            return std::unexpected(damaged({number, type::inode_ref, 0}, "an inode without a way to the top"));
        }
        names.push_back(std::move(name->name));
        number = name->dir;
    }
    return path_from(names);
}

Result<std::optional<btrfs::Key>> SubvolumeView::find_entry(u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto there,
                      entries_.find({dir, type::dir_item, name_hash(std::as_bytes(std::span(name)))}));
    return there ? entry_of_name(entries_.data(), name) : std::nullopt;
}

Result<std::vector<std::byte>> SubvolumeView::symlink_item(u64 number) {
    BTRKIT_TRY_ASSIGN(const auto there, inode_items_.find({number, type::extent_data, 0}));
    const auto data = there ? inode_items_.data() : Bytes();
    return std::vector<std::byte>(data.begin(), data.end());
}

} // namespace btrkit
