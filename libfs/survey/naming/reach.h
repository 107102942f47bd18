// SPDX-License-Identifier: MIT
// Which subvolumes reach a tree block.
#pragma once

#include "libfs/survey/naming/limited_cache.h"
#include "libfs/survey/roots.h"

namespace btrkit::survey {

class Reach {
public:
    /// Deleted subvolumes are nobody's.
    Reach(const Roots& roots, LimitedCache& cache);

    /// In order of their ids.
    std::span<const RootRecord* const> subvolumes() const { return subvolumes_; }

    /// Those whose way to the key leads through the block: their numbers in subvolumes(), ascending. The list lives
    /// until the next call.
    std::span<const u32> of(Logical block, const btrfs::Key& key);

private:
    /// Subvolumes that go the same way from here on.
    struct Group {
        Promise promise;
        std::vector<u32> members;
    };

    static std::vector<Group> merge(std::vector<Group> groups);

    LimitedCache& cache_;
    std::vector<const RootRecord*> subvolumes_;
    std::vector<Group> start_;
    std::vector<u32> found_;
    std::optional<std::pair<Logical, btrfs::Key>> asked_; ///< what found_ is the answer to
};

} // namespace btrkit::survey
