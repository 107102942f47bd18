// SPDX-License-Identifier: MIT
#include "libfs/ops/send/change_log.h"

namespace btrkit::send {

namespace {

/// As it is in the snapshot that it belongs to. What can't be found out is the name alone: a failure shows elsewhere.
std::string path_in(Snapshot& snapshot, const InodeName& name) {
    const auto dir = snapshot.path_of(name.dir);
    return !dir || dir->empty() ? name.name : *dir + '/' + name.name;
}

} // namespace

void ChangeLog::names(const RecordedNames& names, const CurrentInode& current, const Snapshots& snapshots) {
    if (!is_listening()) {
        return;
    }
    const u64 inode = current.number;
    auto added = names.new_names.begin();
    auto gone = names.deleted_names.begin();
    if (current.is_new && added != names.new_names.end()) {
        created_ = true; // told with its contents
        ++added;
    } else if (!current.is_deleted && added != names.new_names.end() && gone != names.deleted_names.end()) {
        tell_({.change = PathChange::renamed,
               .path = path_in(*snapshots.sent, *added++),
               .from = path_in(*snapshots.parent, *gone++),
               .inode = inode});
    }
    for (; added != names.new_names.end(); ++added) {
        tell_({.change = PathChange::linked, .path = path_in(*snapshots.sent, *added), .inode = inode});
    }
    for (; gone != names.deleted_names.end(); ++gone) {
        const auto change = current.is_deleted ? PathChange::deleted : PathChange::unlinked;
        tell_({.change = change, .path = path_in(*snapshots.parent, *gone), .inode = inode});
    }
}

void ChangeLog::finish(const CurrentInode& current, const std::string& path, u64 data_bytes) {
    if (!is_listening()) {
        return;
    }
    ChangedPath change{.path = path, .inode = current.number, .data_bytes = data_bytes};
    if (created_) {
        tell_(change);
    } else if (data_bytes != 0) {
        change.change = PathChange::contents;
        tell_(change);
    } else if (attributes_) {
        change.change = PathChange::attributes;
        tell_(change);
    }
    created_ = false;
    attributes_ = false;
}

} // namespace btrkit::send
