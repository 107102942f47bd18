// SPDX-License-Identifier: MIT
// A new inode from its first command to the last that comes in a row for it (internal to libfs/ops/receive).
//
// Streams make an inode under a provisional name, rename it, fill it, say whose it is and date it, command by command.
// All that is gathered here, but for data, and put into the tree once: that halves the time of files that are small.
#pragma once

#include "libfs/ops/receive/data_receiver.h"
#include "libfs/ops/receive/inner_paths.h"

namespace btrkit::receive {

class InodeInHand {
public:
    /// All must outlive it. method: how data is compressed where files say nothing else.
    InodeInHand(FileEditor& files, InnerPaths& paths, DataReceiver& data, CompressionMethod method)
        : files_(&files), paths_(&paths), data_(&data), method_(method) {}

    /// One could not be put down: its data, or its name, may stand in the tree without it.
    bool is_broken() const { return is_broken_; }

    /// Takes one up: what a command makes, under its path, where nothing is. It has that number.
    void take(std::string_view path, FreeName name, const NewFile& wanted, u64 number);

    /// False: the command is for another path, or is such that the inode must be in the tree: put_down() first. Nothing
    /// has happened then.
    Result<bool> apply(const CommandBatch& batch, const Step& step);

    /// The inode is in the tree, if there was one, with all its data.
    Result<void> put_down();
    /// The same, but more data may follow: its size comes with the last of it (DataReceiver::close()).
    Result<void> put_inode();

private:
    struct Held {
        std::string path;
        FreeName name;
        NewFile inode; ///< but for its attributes and the target of a link
        std::vector<Xattr> xattrs;
        std::string link_target;
    };

    bool rename(std::string_view to);
    bool set_xattr(const StreamCommand& command);
    Result<bool> set_attributes(const StreamCommand& command);
    Result<bool> append(const CommandBatch& batch, const Step& step);

    FileEditor* files_;
    InnerPaths* paths_;
    DataReceiver* data_;
    CompressionMethod method_;
    std::optional<Held> held_;
    bool is_broken_ = false;
};

/// What chmod, chown or utimes says. Fails with damaged where a time is none.
Result<AttributeChange> attributes_of(const StreamCommand& command);

} // namespace btrkit::receive
