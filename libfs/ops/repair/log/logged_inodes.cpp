// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/log/logged_inodes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t most_inodes = 10'000;

/// Inodes that have a log tree's own item of themselves; the directories that they were synced with have one, too.
void add_inodes(const Filesystem& filesystem, const TreeRoot& root, u64 subvolume, LoggedInodes& log) {
    Cursor items(filesystem.reader(), root.block);
    for (bool is_there = items.seek({}); is_there; is_there = items.next()) {
        const auto key = items.key();
        if (key.type == type::inode_item) {
            log.has_more = log.has_more || log.inodes.size() == most_inodes;
            if (!log.has_more) {
                log.inodes.push_back({.tree = subvolume, .inode = key.objectid});
            }
        } else if ((key.type == type::inode_ref || key.type == type::inode_extref) && !log.inodes.empty()) {
            for_each_name(key, items.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
                if (log.inodes.back().inode == key.objectid && log.inodes.back().name.empty()) {
                    log.inodes.back().name = as_text(record.name);
                }
            });
        }
    }
    log.is_whole = log.is_whole && !items.missed_items();
}

} // namespace

std::optional<LoggedInodes> read_log(const Filesystem& filesystem) {
    const auto logs = filesystem.log_root_tree();
    if (!logs) {
        return std::nullopt;
    }
    LoggedInodes log;
    Cursor roots(filesystem.reader(), logs->block);
    for (bool is_there = roots.seek({}); is_there; is_there = roots.next()) {
        const auto root =
            roots.key().type == type::root_item ? parse_root_item(roots.key(), roots.data()) : std::nullopt;
        if (root) {
            add_inodes(filesystem, *root, roots.key().offset, log);
        }
    }
    log.is_whole = log.is_whole && !roots.missed_items();
    return log;
}

} // namespace btrkit::repair
