// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/clone_sources.h"

namespace btrkit::send {

namespace {

std::map<u64, Snapshot*> by_id(const std::vector<Snapshot*>& snapshots) {
    std::map<u64, Snapshot*> sorted;
    for (auto* snapshot : snapshots) {
        sorted.emplace(snapshot->id(), snapshot);
    }
    return sorted;
}

std::vector<u64> ids(const std::map<u64, Snapshot*>& snapshots) {
    std::vector<u64> all;
    all.reserve(snapshots.size());
    for (const auto& [id, snapshot] : snapshots) {
        all.push_back(id);
    }
    return all;
}

} // namespace

CloneSources::CloneSources(const Filesystem& filesystem, BlockCache& cache, const std::vector<Snapshot*>& snapshots,
                           const Snapshot& sent)
    : snapshots_(by_id(snapshots)), sent_id_(sent.id()), finder_(filesystem, cache, ids(snapshots_), sent.id()) {}

std::optional<CloneSource> CloneSources::find(const CloneQuery& query) {
    auto source = finder_.find(query);
    if (source) {
        const auto inode = snapshot(source->tree).inode(source->inode);
        // A file that was open while it was deleted has no path; the kernel fails here.
        if (!inode || !*inode || (*inode)->nlink == 0) {
            return std::nullopt;
        }
    }
    return source;
}

} // namespace btrkit::send
