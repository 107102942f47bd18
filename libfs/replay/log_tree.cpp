// SPDX-License-Identifier: MIT
#include "libfs/replay/log_tree.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/fs/name_items.h"

namespace btrkit::replay {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t log_cache_bytes = std::size_t{4} << 20;

bool names(const BufferedItem& item, u64 dir, std::string_view name) {
    bool is_there = false;
    for_each_name(item.key, item.body, [&](const NameRecord& record, const btrfs::DirItem*) {
        is_there = is_there || (record.parent == dir && as_text(record.name) == name);
    });
    return is_there;
}

} // namespace

LogTree::LogTree(const Filesystem& filesystem, const TreeRoot& root)
    : cache_(filesystem.reader(), log_cache_bytes), items_(cache_, root.block) {}

Result<void> LogTree::for_each(const std::function<Result<void>(const BufferedItem& item)>& visit) {
    btrfs::Key from = {};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, items_.first_from(from));
        if (!item) {
            return {};
        }
        BTRKIT_TRY(visit(*item));
        from = btrfs::next_key(item->key);
        if (from == item->key) {
            return {};
        }
    }
}

Result<bool> LogTree::has_name(u64 inode, u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto plain, find({inode, type::inode_ref, dir}));
    if (plain && names(*plain, dir, name)) {
        return true;
    }
    const u64 hash = extref_hash(dir, std::as_bytes(std::span(name)));
    BTRKIT_TRY_ASSIGN(const auto extended, find({inode, type::inode_extref, hash}));
    return extended && names(*extended, dir, name);
}

Result<bool> LogTree::has_entry(u64 dir, u64 index, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto item, find({dir, type::dir_index, index}));
    return item && names(*item, dir, name);
}

} // namespace btrkit::replay
