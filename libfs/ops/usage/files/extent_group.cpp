// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/extent_group.h"

#include <algorithm>
#include <tuple>

namespace btrkit::usage {

namespace {

u64 count_unseen(std::span<const DataRef> refs) {
    const u64 ram_bytes = refs.front().ram_bytes;
    const auto is_whole = [ram_bytes](const DataRef& ref) { return ref.offset == 0 && ref.num_bytes >= ram_bytes; };
    if (std::ranges::any_of(refs, is_whole)) {
        return 0;
    }
    std::vector<Range> seen;
    seen.reserve(refs.size());
    for (const auto& ref : refs) {
        seen.push_back(range_from(std::min(ref.offset, ram_bytes),
                                  std::min(ref.num_bytes, ram_bytes - std::min(ref.offset, ram_bytes))));
    }
    std::ranges::sort(seen);
    RangeSet united;
    for (const Range range : seen) {
        united.append(range);
    }
    return ram_bytes - united.total_bytes();
}

} // namespace

u64 ExtentGroup::wasted_bytes() const {
    if (unseen_bytes == 0 || ram_bytes() == 0) {
        return 0;
    }
    const double part = static_cast<double>(unseen_bytes) / static_cast<double>(ram_bytes());
    return refs.front().is_compressed ? static_cast<u64>(part * static_cast<double>(disk_bytes())) : unseen_bytes;
}

std::optional<ExtentGroup> ExtentGroups::next() {
    if (rest_.empty()) {
        return std::nullopt;
    }
    const auto& first = rest_.front();
    std::size_t count = 1;
    std::vector<survey::RootSets::Id> others; // sets of trees
    ExtentGroup group{.roots = first.roots};
    bool has_several = false;
    for (; count < rest_.size() && rest_[count].bytenr == first.bytenr; ++count) {
        const auto& ref = rest_[count];
        if (ref.roots != first.roots) {
            others.push_back(ref.roots);
        }
        has_several |= std::tuple(ref.inode, ref.base()) != std::tuple(first.inode, first.base());
    }
    if (!others.empty()) {
        others.push_back(first.roots);
        group.roots = sets_.unite_all(std::move(others));
    }
    group.refs = rest_.first(count);
    group.is_shared = has_several || !sets_.is_single(group.roots);
    group.unseen_bytes = count_unseen(group.refs);
    rest_ = rest_.subspan(count);
    return group;
}

} // namespace btrkit::usage
