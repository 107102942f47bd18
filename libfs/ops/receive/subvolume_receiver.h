// SPDX-License-Identifier: MIT
// One subvolume as it comes (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/data_receiver.h"
#include "libfs/ops/receive/inode_in_hand.h"
#include "libfs/ops/receive/receive.h"
#include "libfs/ops/receive/source_subvolumes.h"

namespace btrkit::receive {

class SubvolumeReceiver {
public:
    /// An empty subvolume, or a copy of its parent, in an entry of the report. All must outlive it. newest_inode: the
    /// highest number that the copy has from its parent.
    SubvolumeReceiver(InodeEditor& inodes, FileEditor& files, SourceSubvolumes& sources, ReceivedSubvolume& report,
                      const Options& options, u64 newest_inode)
        : inodes_(&inodes), files_(&files), sources_(&sources), report_(&report), paths_(inodes, files, report.id),
          data_(inodes, options.compression), in_hand_(files, paths_, data_, options.compression),
          newest_inode_(newest_inode) {}
    SubvolumeReceiver(const SubvolumeReceiver&) = delete;
    SubvolumeReceiver& operator=(const SubvolumeReceiver&) = delete;

    /// Any command but those that begin and end subvolumes.
    Result<void> apply(const CommandBatch& batch, const Step& step);
    /// The inode at hand is in the tree, whether more of its data comes or not.
    Result<void> put_inode() { return in_hand_.put_inode(); }
    /// An inode of which something is in the tree already could not be put there: there is no going on.
    bool is_broken() const { return in_hand_.is_broken(); }
    /// Behind the last command.
    Result<void> finish();

private:
    Result<void> apply_to_tree(const CommandBatch& batch, const Step& step);
    Result<void> make(const StreamCommand& command);
    Result<void> rename(const StreamCommand& command);
    Result<void> link(const StreamCommand& command);
    Result<void> unlink(const StreamCommand& command);
    Result<void> remove_directory(const StreamCommand& command);
    Result<void> set_attributes(const StreamCommand& command);
    Result<void> set_xattr(const StreamCommand& command);
    Result<void> remove_xattr(const StreamCommand& command);
    Result<void> set_flags(const StreamCommand& command);
    Result<void> clone(const StreamCommand& command);
    Result<void> change_data(const CommandBatch& batch, const Step& step);
    Result<void> change_names(const StreamCommand& command);
    Result<PlaceInTree> find(const StreamCommand& command);

    InodeEditor* inodes_;
    FileEditor* files_;
    SourceSubvolumes* sources_;
    ReceivedSubvolume* report_;
    InnerPaths paths_;
    DataReceiver data_;
    InodeInHand in_hand_;
    u64 newest_inode_;
};

} // namespace btrkit::receive
