// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/inode_sums.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/ops/repair/each_item.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

void add_names(InodeSums& sums, const BufferedItem& item) {
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        if (entry == nullptr) {
            ++sums.names;
        } else {
            sums.has_entries = true;
            sums.entry_name_bytes += record.name.size();
        }
    });
}

void add_extent(InodeSums& sums, const BufferedItem& item) {
    const auto* head = view_at<btrfs::FileExtentHead>(item.body);
    if (head == nullptr) {
        return;
    }
    if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        sums.has_inline = true;
        sums.extent_bytes += head->ram_bytes;
        sums.inline_bytes = std::max<u64>(sums.inline_bytes, head->ram_bytes);
    } else if (const auto* range = view_at<btrfs::FileExtentRange>(item.body, sizeof(*head))) {
        sums.has_regular = true;
        sums.extent_bytes += range->disk_bytenr == 0 ? 0 : u64{range->num_bytes};
    }
}

} // namespace

Result<InodeSums> sum_up_inode(TreeBuffer& tree, u64 inode) {
    InodeSums sums;
    BTRKIT_TRY(for_each_item(tree, items_of_inode(inode), [&](const BufferedItem& item) -> Result<void> {
        switch (item.key.type) {
        case type::inode_ref:
        case type::inode_extref:
        case type::dir_item:
        case type::dir_index: add_names(sums, item); break;
        case type::extent_data: add_extent(sums, item); break;
        default: break;
        }
        return {};
    }));
    return sums;
}

Result<StoredInode> StoredInode::find(TreeBuffer& tree, u64 inode) {
    BTRKIT_TRY_ASSIGN(auto item, tree.find({inode, type::inode_item, 0}));
    if (!item || item->body.size() < sizeof(btrfs::InodeItem)) {
        return fail(ErrorKind::not_found, fmt::format("there is no inode {}", inode));
    }
    return StoredInode(std::move(*item));
}

Result<void> renew_name_sums(TreeBuffer& tree, u64 inode) {
    BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(tree, inode));
    BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(tree, inode));
    auto& item = stored.item();
    if (sums.names > 0) {
        item.nlink = static_cast<u32>(sums.names);
    }
    if (S_ISDIR(item.mode) && item.nlink > 0) {
        item.size = sums.entry_name_bytes;
    }
    stored.store(tree);
    return {};
}

} // namespace btrkit::repair
