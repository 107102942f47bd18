// SPDX-License-Identifier: MIT
// One look at all leaves of all subvolumes, for what refers to some data and what names some inodes.
#pragma once

#include "libfs/survey/naming/question.h"

namespace btrkit::survey {

/// A file extent that refers to data that was asked for, or an entry that names an inode that was.
struct LeafHit {
    Range about;  ///< the bytes of data, or the number of the inode
    Logical leaf; ///< where it stands
    btrfs::Key key;
    std::string name = {}; ///< of the entry; empty: a file extent
};

/// Hits by what they are about; many questions may be about the same.
class LeafHits {
public:
    static constexpr std::size_t most = 200'000;

    void add(LeafHit hit);
    /// After all were added.
    void sort();
    /// Calls visit(hit) for those that have something in common with the range, until it returns false.
    template <class Visit>
    void for_each(Range range, Visit&& visit) const {
        const auto behind = std::ranges::lower_bound(hits_, range.end, {}, start_of);
        for (auto at = static_cast<std::size_t>(behind - hits_.begin()); at > 0 && ends_[at - 1] > range.start; --at) {
            if (hits_[at - 1].about.end > range.start && !visit(hits_[at - 1])) {
                return;
            }
        }
    }
    bool is_full() const { return is_full_; }

private:
    static u64 start_of(const LeafHit& hit) { return hit.about.start; }

    std::vector<LeafHit> hits_;
    std::vector<u64> ends_; ///< the greatest end up to there
    bool is_full_ = false;
};

struct Hits {
    LeafHits data;
    LeafHits names;
    bool has_lost = false; ///< there may be more in blocks that can't be read
};

/// Reads nothing where no question needs it.
Hits search_leaves(Survey& survey, std::span<const Question> questions);

} // namespace btrkit::survey
