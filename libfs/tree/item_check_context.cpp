// SPDX-License-Identifier: MIT
#include "libfs/tree/item_check_context.h"

namespace btrkit {

void ItemCheck::add(ProblemCode code, std::string detail) const {
    adopt({.code = code, .place = {}, .detail = std::move(detail)});
}

void ItemCheck::adopt(Problem problem) const {
    problem.place.tree = tree_;
    problem.place.logical = Logical{leaf_.header().bytenr};
    problem.place.slot = slot_;
    problem.place.key = key_;
    problems_.push_back(std::move(problem));
}

void ItemCheck::expect_inode_before() const {
    if (slot_ == 0) {
        return;
    }
    const u64 previous = leaf_.item(slot_ - 1).key.objectid;
    if (previous != key_.objectid && is_subvolume(owner_)) {
        report(ProblemCode::item_orphaned, "inode {}, but the item before it belongs to {}", key_.objectid, previous);
    }
}

} // namespace btrkit
