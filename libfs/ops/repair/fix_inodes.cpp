// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"

#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

/// What the other items of an inode say of it.
struct Counted {
    u64 extent_bytes = 0;
    u64 inline_bytes = 0;
    u64 name_bytes = 0; ///< of the names in a directory
};

void count(Counted& counted, const BufferedItem& item) {
    if (item.key.type == type::dir_item || item.key.type == type::dir_index) {
        for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem*) {
            counted.name_bytes += record.name.size();
        });
        return;
    }
    const auto* head = item.key.type == type::extent_data ? view_at<btrfs::FileExtentHead>(item.body) : nullptr;
    if (head == nullptr) {
        return;
    }
    if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        counted.extent_bytes += head->ram_bytes;
        counted.inline_bytes = std::max<u64>(counted.inline_bytes, head->ram_bytes);
    } else if (const auto* range = view_at<btrfs::FileExtentRange>(item.body, sizeof(*head))) {
        counted.extent_bytes += range->disk_bytenr == 0 ? 0 : u64{range->num_bytes};
    }
}

Result<Counted> count_items(TreeBuffer& tree, u64 inode) {
    Counted counted;
    btrfs::Key from = {inode, 0, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, tree.first_from(from));
        if (!item || item->key.objectid != inode) {
            return counted;
        }
        count(counted, *item);
        from = item->key;
        from.offset += 1;
        from.type = static_cast<u8>(from.type + (from.offset == 0 ? 1 : 0));
    }
}

void correct(btrfs::InodeItem& item, ProblemCode code, const Counted& counted) {
    const bool is_directory = S_ISDIR(item.mode);
    switch (code) {
    case ProblemCode::inode_bytes: item.nbytes = is_directory ? 0 : counted.extent_bytes; break;
    case ProblemCode::inode_size:
        if (is_directory) {
            item.size = counted.name_bytes;
        } else if (S_ISLNK(item.mode)) {
            item.size = counted.inline_bytes;
        }
        break;
    case ProblemCode::inode_flags:
        if (S_ISLNK(item.mode)) {
            item.flags = item.flags & ~(btrfs::inode_immutable | btrfs::inode_append);
        }
        break;
    default: break;
    }
}

Result<void> fix_inode(TreeBuffer& tree, u64 inode, ProblemCode code) {
    const btrfs::Key key = {inode, type::inode_item, 0};
    BTRKIT_TRY_ASSIGN(auto item, tree.find(key));
    if (!item || item->body.size() < sizeof(btrfs::InodeItem)) {
        return fail(ErrorKind::not_found, fmt::format("there is no inode {}", inode));
    }
    BTRKIT_TRY_ASSIGN(const auto counted, count_items(tree, inode));
    correct(*reinterpret_cast<btrfs::InodeItem*>(item->body.data()), code, counted);
    tree.put(key, item->body);
    return {};
}

} // namespace

/// A leaf that several subvolumes share has its finding once: all of them get the fix.
Result<void> fix_inodes(Transaction& transaction, const FindingList& findings) {
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        if (!place.inode || !place.tree || finding->affects_more) {
            return fail(ErrorKind::not_found, "not all subvolumes that have it are known");
        }
        std::set<u64> trees;
        for (const auto& affected : finding->affected) {
            trees.insert(affected.tree);
        }
        if (trees.empty()) {
            trees.insert(*place.tree);
        }
        for (const u64 id : trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
            BTRKIT_TRY(fix_inode(*tree, *place.inode, finding->problem.code));
        }
    }
    return {};
}

} // namespace btrkit::repair
