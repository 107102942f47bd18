// SPDX-License-Identifier: MIT
// The log of one subvolume: items of inodes as they were when they were synced, and where a directory was synced, which
// of its indexes the log knows all of.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_buffer.h"

#include <functional>
#include <string_view>

namespace btrkit::replay {

class LogTree {
public:
    /// The filesystem must outlive it.
    LogTree(const Filesystem& filesystem, const TreeRoot& root);
    LogTree(const LogTree&) = delete;
    LogTree& operator=(const LogTree&) = delete;

    /// All items, in key order. Fails with damaged where some are lost, and as visit does.
    Result<void> for_each(const std::function<Result<void>(const BufferedItem& item)>& visit);
    Result<std::optional<BufferedItem>> find(const btrfs::Key& key) { return items_.find(key); }
    Result<std::optional<BufferedItem>> last_up_to(const btrfs::Key& key) { return items_.last_up_to(key); }
    Result<std::optional<BufferedItem>> first_from(const btrfs::Key& key) { return items_.first_from(key); }

    /// Whether a reference in the log gives the inode that name in that directory.
    Result<bool> has_name(u64 inode, u64 dir, std::string_view name);
    /// Whether the log has that name at that index of the directory.
    Result<bool> has_entry(u64 dir, u64 index, std::string_view name);

private:
    BlockCache cache_;
    TreeBuffer items_;
};

} // namespace btrkit::replay
