// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/candidates.h"

namespace btrkit::send::clone {

Candidates::Candidates(std::vector<u64> roots, u64 sent_tree)
    : roots_(std::move(roots)), sent_tree_(sent_tree), places_(roots_.size()) {}

void Candidates::begin(const CloneQuery& query) {
    query_ = query;
    std::ranges::fill(places_, Place{});
    // The last item may reach behind the file's end.
    wanted_bytes_ = std::min(query.num_bytes, query.inode_size - query.file_offset);
}

/// In the tree that is being sent, only what has been sent before can be a source.
bool Candidates::is_usable(const Place& place, u64 root) const {
    if (root != sent_tree_ || place.inode < query_.inode) {
        return true;
    }
    return place.inode == query_.inode && place.offset != query_.file_offset &&
           place.offset <= query_.next_write_offset && wanted_bytes_ <= query_.next_write_offset - place.offset;
}

bool Candidates::offer(const Place& place, u64 root) {
    const auto at = std::ranges::lower_bound(roots_, root);
    if (at == roots_.end() || *at != root || !is_usable(place, root)) {
        return false;
    }
    Place& best = places_[static_cast<std::size_t>(at - roots_.begin())];
    if (place.num_bytes <= best.num_bytes) {
        return false;
    }
    best = place;
    return place.num_bytes >= wanted_bytes_;
}

std::optional<CloneSource> Candidates::best() const {
    const auto best = std::ranges::max_element(places_, {}, &Place::num_bytes); // the first of the longest ones
    if (best == places_.end() || best->num_bytes == 0) {
        return std::nullopt;
    }
    return CloneSource{.tree = roots_[static_cast<std::size_t>(best - places_.begin())],
                       .inode = best->inode,
                       .offset = best->offset,
                       .num_bytes = best->num_bytes};
}

} // namespace btrkit::send::clone
