// SPDX-License-Identifier: MIT
#include "libfs/survey/roots.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::survey {

Place RootRefRecord::place() const {
    const auto key = is_backref ? btrfs::Key{child, btrfs::item_type::root_backref, parent}
                                : btrfs::Key{parent, btrfs::item_type::root_ref, child};
    return {.logical = leaf, .tree = btrfs::root_tree_id, .slot = slot, .key = key};
}

namespace {

/// In a list that is sorted by two of a reference's trees.
const RootRefRecord* find_in(const std::vector<RootRefRecord>& list, u64 RootRefRecord::* first,
                             u64 RootRefRecord::* second, std::pair<u64, u64> trees) {
    const auto order = [&](const RootRefRecord& ref) { return std::pair(ref.*first, ref.*second); };
    const auto at = std::ranges::lower_bound(list, trees, {}, order);
    return at != list.end() && order(*at) == trees ? &*at : nullptr;
}

} // namespace

const RootRefRecord* Roots::find_ref(u64 parent, u64 child) const {
    return find_in(refs, &RootRefRecord::parent, &RootRefRecord::child, {parent, child});
}

const RootRefRecord* Roots::find_backref(u64 parent, u64 child) const {
    return find_in(backrefs, &RootRefRecord::child, &RootRefRecord::parent, {child, parent});
}

} // namespace btrkit::survey
