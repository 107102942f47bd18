// SPDX-License-Identifier: MIT
// The choice among the places that the bytes are at.
#pragma once

#include "libfs/ops/send/clone/clone_finder.h"

namespace btrkit::send::clone {

/// Of a file extent item that refers to the bytes in question.
struct Place {
    u64 inode = 0;
    u64 offset = 0; ///< in the file, of the byte in question
    u64 num_bytes = 0;
};

/// The best place in each root. For one query after the other.
class Candidates {
public:
    Candidates(std::vector<u64> roots, u64 sent_tree);

    std::span<const u64> roots() const { return roots_; }
    bool may_clone_from(u64 root) const { return std::ranges::binary_search(roots_, root); }

    void begin(const CloneQuery& query);
    /// True: it can't become better, and the search is over.
    bool offer(const Place& place, u64 root);
    /// The root with the longest place, the first of such; or nothing.
    std::optional<CloneSource> best() const;

private:
    bool is_usable(const Place& place, u64 root) const;

    std::vector<u64> roots_;
    u64 sent_tree_;
    std::vector<Place> places_; ///< by root; num_bytes 0: none
    CloneQuery query_;
    u64 wanted_bytes_ = 0;
};

} // namespace btrkit::send::clone
