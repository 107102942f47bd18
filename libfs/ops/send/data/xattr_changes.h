// SPDX-License-Identifier: MIT
// Extended attributes of the current inode.
#pragma once

#include "libfs/fs/xattrs.h"
#include "libfs/ops/send/change_log.h"
#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/names/paths.h"
#include "libfs/tree/tree_diff.h"

namespace btrkit::send {

class XattrChanges {
public:
    XattrChanges(const Snapshots& snapshots, const CurrentInode& current, Commands& commands, Paths& paths,
                 ChangeLog& log);

    /// What an item that differs needs. Capabilities are left for send_capabilities().
    Result<void> send(const ItemDifference& item);
    /// All of the current inode, as if it were new.
    Result<void> send_all();
    /// The file's capabilities, if it has any: a change of owner takes them away.
    Result<void> send_capabilities();

private:
    using Entry = XattrView;
    /// One or more attributes whose names share a hash.
    using Entries = std::vector<Entry>;

    static Result<Entries> parse(const Snapshot& snapshot, const btrfs::Key& key, Bytes body);
    Result<void> set(const Entry& entry);
    Result<void> set_all(const Entries& entries, const Entries& known);
    Result<void> remove_all(const Entries& entries, const Entries& left);

    const Snapshots& snapshots_;
    const CurrentInode& current_;
    Commands& commands_;
    Paths& paths_;
    ChangeLog& log_;
    TreeSearch search_;
};

} // namespace btrkit::send
