// SPDX-License-Identifier: MIT
#include "libfs/ops/send/dir_times.h"

namespace btrkit::send {

namespace {

constexpr std::size_t most_waiting = 64;

} // namespace

void DirTimes::touch(u64 dir, u64 generation) {
    const Id id{dir, generation};
    if (const auto known = where_.find(id); known != where_.end()) {
        order_.splice(order_.end(), order_, known->second);
        return;
    }
    where_.emplace(id, order_.insert(order_.end(), id));
}

Result<void> DirTimes::send_oldest() {
    while (order_.size() > most_waiting) {
        const auto [dir, generation] = order_.front();
        where_.erase(order_.front());
        order_.pop_front();
        BTRKIT_TRY(send(dir, generation));
    }
    return {};
}

Result<void> DirTimes::send_latest() {
    const auto [dir, generation] = order_.back();
    where_.erase(order_.back());
    order_.pop_back();
    return send(dir, generation);
}

Result<void> DirTimes::send(u64 inode, u64 generation) {
    if (snapshots_.sent->is_stand_in(inode)) {
        return {};
    }
    const auto path = paths_.path_of(inode, generation);
    const auto found = path ? snapshots_.sent->need_inode(inode) : std::unexpected(path.error());
    return found ? commands_.utimes(*path, *found) : std::unexpected(found.error());
}

} // namespace btrkit::send
