// SPDX-License-Identifier: MIT
// The subvolumes that a receiver has, or is about to have, and may clone from.
#pragma once

#include "libfs/ops/send/clone/clone_finder.h"
#include "libfs/ops/send/snapshot.h"

#include <map>

namespace btrkit::send {

class CloneSources {
public:
    /// All of one filesystem, sent among them; they must outlive it.
    CloneSources(const Filesystem& filesystem, BlockCache& cache, const std::vector<Snapshot*>& snapshots,
                 const Snapshot& sent);

    /// Nothing where the bytes must be written.
    std::optional<CloneSource> find(const CloneQuery& query);
    Snapshot& snapshot(u64 id) { return *snapshots_.at(id); }
    bool is_sent(u64 id) const { return id == sent_id_; }

private:
    std::map<u64, Snapshot*> snapshots_;
    u64 sent_id_;
    CloneFinder finder_;
};

} // namespace btrkit::send
