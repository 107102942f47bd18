// SPDX-License-Identifier: MIT
// One subvolume, inode by inode, in the order in which the kernel sends them.
#pragma once

#include "libfs/base/stop.h"
#include "libfs/ops/send/change_log.h"
#include "libfs/ops/send/data/contents.h"
#include "libfs/ops/send/data/xattr_changes.h"
#include "libfs/ops/send/names/name_changes.h"

namespace btrkit::send {

/// Walks the items of both snapshots together. For each inode: makes it (by a temporary name) or deletes it, gives it
/// its names, then attributes and contents, then what directories waited for it.
class SubvolumeSender {
public:
    struct Setting {
        const Filesystem& filesystem; ///< of the sent snapshot
        Snapshots snapshots;
        CloneSources& sources;
        ContentsMode mode;
        ChangeLog& log;
        const StopToken& stop;
        /// Told of what can't be read and is left out (path: empty where it is not known); empty: the first one is a
        /// failure.
        std::function<void(const std::string& path, const std::string& why)> skip = {};
    };

    SubvolumeSender(const Setting& setting, CommandOutput& output);

    /// Everything but the commands that begin and end a stream.
    Result<void> run();

private:
    Result<void> visit(const ItemDifference& item);
    Result<bool> pass_same(const ItemDifference& item);
    Result<void> visit_other(const ItemDifference& item);
    Result<void> visit_inode(const ItemDifference& item);
    Result<void> visit_added_inode(const Inode& inode);
    Result<void> visit_changed_inode(const Inode& inode, const Inode& before);
    Result<void> replace_inode(const Inode& inode, const Inode& before);
    Result<void> visit_names(const ItemDifference& item);
    Result<bool> is_in_other_dirs(const ItemPlace& refs);
    Result<bool> is_other_dir(u64 number);
    void note_dir(const ItemDifference& item);
    void keep_other_dir(u64 number, bool is_other);
    Result<void> visit_extent(const ItemDifference& item);

    Result<void> record_names(Snapshot& snapshot, const btrfs::Key& key, Bytes body, bool is_new);
    Result<void> record_all_names(Snapshot& snapshot, bool is_new);
    Result<bool> process_names();

    /// next: the item that the walk has come to, null at the end.
    Result<void> finish_inode(const btrfs::Key* next);
    Result<void> finish_attributes();
    Result<void> send_owner_and_mode(const std::string& path, const Inode& inode, const Inode* before);
    Result<void> finish_size(const Inode& inode, const Inode* before);
    Result<void> finish_move(const Inode& inode, const Inode* before);
    Result<void> finish_top();

    void stand_on(u64 number, const Inode& inode, bool is_new);
    Error with_path(Error error) const;

    // subvolume_sender_salvage.cpp: past what can't be read.
    bool may_skip(const Error& error) const;
    void tell(u64 inode, const std::string& why);
    void skip(const Error& error);
    Result<void> skip_or_fail(const Result<void>& done);
    Result<void> tell_or_fail(const Result<void>& done);
    Result<void> note_lost_block(const Error& error);
    bool is_lost_inode_item(const ItemDifference& item) const;
    Result<void> visit_lost_inodes_before(const ItemDifference& item);
    Result<void> visit_lost_inodes(u64 last);
    Result<void> visit_lost_inode(u64 number);
    Result<void> add_names_of_lost();
    void name_what_is_lost();

    Setting setting_;
    Snapshots& snapshots_;
    CurrentInode current_;
    CommandOutput& output_;
    Commands commands_;
    DirMoves moves_;
    DyingDirs dying_;
    Paths paths_;
    DirTimes dir_times_;
    InodeMaker maker_;
    NameChanges name_changes_;
    RecordedNames names_;
    XattrChanges xattrs_;
    Contents contents_;
    /// What is_other_dir() has found; emptied when it is large.
    std::unordered_map<u64, bool> other_dirs_;
    btrfs::Key last_key_ = btrfs::Key::min(); ///< of the item that was visited last
    u64 next_lost_ = 0;                       ///< inodes below it that are lost were visited
    u64 bytes_before_ = 0;                    ///< that contents_ had sent when the current inode began
};

} // namespace btrkit::send
