// SPDX-License-Identifier: MIT
// What a stream changes, path by path, for those who only want to know.
#pragma once

#include "libfs/ops/send/names/name_changes.h"
#include "libfs/ops/send/send.h"

namespace btrkit::send {

/// Gathers what is sent about one inode and tells it when the inode is done. Does nothing if nobody listens.
class ChangeLog {
public:
    explicit ChangeLog(std::function<void(const ChangedPath&)> tell) : tell_(std::move(tell)) {}

    bool is_listening() const { return tell_ != nullptr; }

    /// The names of the current inode are about to be changed: what that is, by the names of both snapshots.
    void names(const RecordedNames& names, const CurrentInode& current, const Snapshots& snapshots);
    void attributes_changed() { attributes_ = true; }
    /// The inode is done: its contents, so many bytes in all, and its attributes. path: where it is now.
    void finish(const CurrentInode& current, const std::string& path, u64 data_bytes);

private:
    std::function<void(const ChangedPath&)> tell_;
    bool created_ = false;
    bool attributes_ = false;
};

} // namespace btrkit::send
