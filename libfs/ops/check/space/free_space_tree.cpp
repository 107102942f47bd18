// SPDX-License-Identifier: MIT
// The free space tree, block group by block group.
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/ops/check/space/bit_runs.h"
#include "libfs/ops/check/space/free_ranges.h"
#include "libfs/survey/find_tree.h"
#include "libfs/survey/scan/tree_scan.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// What the tree records of one block group.
struct Group {
    const Chunk* chunk = nullptr;
    bool has_info = false;
    bool uses_bitmaps = false;
    u32 extent_count = 0;
    Place place; ///< of its information, or else of its first item
    RangeSet free;
    u64 item_count = 0; ///< extents or bitmaps
    u64 end = 0;        ///< of the last of them
};

/// Takes the items in key order and compares a block group when the next one begins.
class GroupCheck {
public:
    GroupCheck(Context& context, bool compare)
        : context_(&context), compare_(compare), chunks_(context.filesystem.volume().chunks().chunks()) {}

    void add(const btrfs::Key& key, Bytes body, const Place& place);
    void lose(const Promise& promise);
    void finish() { go_to(chunks_.size(), {}); }

private:
    void go_to(std::size_t index, const Place& place);
    bool enter(const btrfs::Key& key, const Place& place);
    void add_info(const btrfs::Key& key, Bytes body, const Place& place);
    void add_range(const btrfs::Key& key, Bytes body, const Place& place);
    void check_kind(const btrfs::Key& key, const Place& place);
    void add_free(const btrfs::Key& key, Bytes body, u64 from);
    void close_group();
    void check_count();
    void check_contents();
    void tell_ranges(ProblemCode code, const RangeSet& ranges);
    void tell(ProblemCode code, const Place& place, std::string detail) {
        if (compare_) {
            context_->findings.report_own(code, place, std::move(detail));
        }
    }

    Context* context_;
    bool compare_;
    std::span<const Chunk> chunks_;
    std::size_t next_ = 0; ///< the first chunk that group_ is not for, nor any group before
    Group group_;
    RangeSet lost_; ///< addresses whose records can't be read
};

/// Chunks that are passed over have no item at all.
void GroupCheck::go_to(std::size_t index, const Place& place) {
    close_group();
    for (; next_ < index; ++next_) {
        const Chunk& chunk = chunks_[next_];
        if (!lost_.intersects(range_of(chunk))) {
            tell(ProblemCode::free_space_info_missing, {.logical = chunk.start, .tree = btrfs::free_space_tree_id},
                 fmt::format("block group {}", chunk.start.bytenr));
        }
    }
    if (index < chunks_.size()) {
        group_.chunk = &chunks_[index];
        group_.end = group_.chunk->start.bytenr;
        group_.place = place;
        ++next_;
    }
}

/// Goes to the block group that an item belongs to.
bool GroupCheck::enter(const btrfs::Key& key, const Place& place) {
    const Chunk* chunk = context_->filesystem.volume().chunks().find({key.objectid});
    if (chunk != nullptr && chunk != group_.chunk) {
        go_to(static_cast<std::size_t>(chunk - chunks_.data()), place);
    }
    return chunk != nullptr;
}

void GroupCheck::add(const btrfs::Key& key, Bytes body, const Place& place) {
    const bool is_range = key.type == type::free_space_extent || key.type == type::free_space_bitmap;
    if (key.type != type::free_space_info && !is_range) {
        context_->findings.report(ProblemCode::item_misplaced, place, "the free space tree has free space only");
    } else if (!enter(key, place)) {
        if (context_->space.chunks_complete) {
            // mkfs.btrfs leaves what it has of its first, temporary block groups. New chunks begin behind the last one:
            // only there it would be in the way.
            const bool is_in_the_way =
                chunks_.empty() || key.objectid >= chunks_.back().start.bytenr + chunks_.back().length;
            tell(is_in_the_way ? ProblemCode::free_space_unfounded : ProblemCode::free_space_leftover, place,
                 fmt::format("no block group holds {}", key.objectid));
        }
    } else if (is_range) {
        add_range(key, body, place);
    } else {
        add_info(key, body, place);
    }
}

void GroupCheck::add_info(const btrfs::Key& key, Bytes body, const Place& place) {
    const auto* info = view_at<btrfs::FreeSpaceInfo>(body);
    const Chunk& chunk = *group_.chunk;
    if (key.objectid != chunk.start.bytenr || key.offset != chunk.length) {
        tell(ProblemCode::free_space_unfounded, place,
             fmt::format("info of {} bytes at {}, but the block group has {} at {}", key.offset, key.objectid,
                         chunk.length, chunk.start.bytenr));
    } else if (info != nullptr) {
        group_.has_info = true;
        group_.uses_bitmaps = (info->flags & btrfs::free_space_using_bitmaps) != 0;
        group_.extent_count = info->extent_count;
        group_.place = place;
    }
}

/// Inside a leaf this is checked with its items.
void GroupCheck::check_kind(const btrfs::Key& key, const Place& place) {
    const bool is_bitmap = key.type == type::free_space_bitmap;
    if (place.slot == 0U && group_.has_info && is_bitmap != group_.uses_bitmaps) {
        tell(ProblemCode::item_free_space, place,
             is_bitmap ? "bitmap, but the block group uses extents" : "extent, but the block group uses bitmaps");
    }
    if (place.slot == 0U && group_.item_count > 0 && key.objectid < group_.end) {
        tell(ProblemCode::item_free_space, place,
             fmt::format("begins at {}, but the range before it ends at {}", key.objectid, group_.end));
    }
}

void GroupCheck::add_range(const btrfs::Key& key, Bytes body, const Place& place) {
    check_kind(key, place);
    const u64 end = range_from(key.objectid, key.offset).end;
    const u64 group_end = range_of(*group_.chunk).end;
    if (end > group_end) {
        tell(ProblemCode::free_space_unfounded, place,
             fmt::format("ends at {}, but the block group at {}", end, group_end));
    }
    const bool is_extent = key.type == type::free_space_extent;
    if (is_extent && group_.item_count > 0 && key.objectid == group_.end) {
        tell(ProblemCode::free_space_split, place, fmt::format("at {}", key.objectid));
    }
    add_free(key, body, std::max(key.objectid, group_.end));
    group_.end = std::max(group_.end, std::min(end, group_end));
    ++group_.item_count;
}

/// From that address on: what lies before it, an item before has told of.
void GroupCheck::add_free(const btrfs::Key& key, Bytes body, u64 from) {
    const u64 end = std::min(range_from(key.objectid, key.offset).end, range_of(*group_.chunk).end);
    const auto append = [&](u64 first, u64 last) { group_.free.append({std::max(first, from), std::min(last, end)}); };
    if (key.type == type::free_space_extent) {
        append(key.objectid, end);
        return;
    }
    const u64 sectorsize = context_->geometry().sectorsize;
    for_each_run(body, key.offset / sectorsize, [&](u64 first, u64 last) {
        append(key.objectid + first * sectorsize, key.objectid + last * sectorsize);
    });
}

void GroupCheck::lose(const Promise& promise) {
    const u64 first = promise.first_key ? promise.first_key->objectid : 0;
    const u64 last = promise.end ? promise.end->objectid : std::numeric_limits<u64>::max();
    lost_.append({first, range_from(last, 1).end});
}

void GroupCheck::close_group() {
    if (group_.chunk != nullptr && !lost_.intersects(range_of(*group_.chunk))) {
        if (!group_.has_info) {
            tell(ProblemCode::free_space_info_missing, group_.place,
                 fmt::format("block group {}", group_.chunk->start.bytenr));
        } else {
            check_count();
        }
        check_contents();
    }
    group_ = {};
}

void GroupCheck::check_count() {
    const u64 counted = group_.uses_bitmaps ? group_.free.ranges().size() : group_.item_count;
    if (counted != group_.extent_count) {
        tell(ProblemCode::free_space_count, group_.place,
             fmt::format("block group {}: extent_count is {}, but there are {}", group_.chunk->start.bytenr,
                         group_.extent_count, counted));
    }
}

void GroupCheck::check_contents() {
    const Range range = range_of(*group_.chunk);
    if (!compare_ || context_->unknown_extents.intersects(range)) {
        return;
    }
    const auto differences = compare_free_space(*context_, *group_.chunk, group_.free);
    tell_ranges(ProblemCode::free_space_missing, differences.missing);
    tell_ranges(ProblemCode::free_space_used, differences.used);
}

void GroupCheck::tell_ranges(ProblemCode code, const RangeSet& ranges) {
    for (const Range& range : ranges.ranges()) {
        tell(code, {.logical = Logical{range.start}, .tree = btrfs::free_space_tree_id, .length = range.length()},
             fmt::format("block group {}", group_.chunk->start.bytenr));
    }
}

class FreeSpaceVisitor final : public LeafVisitor {
public:
    explicit FreeSpaceVisitor(GroupCheck& groups) : groups_(&groups) {}

    void finish(const LeafVisit& leaf, LeafResult* /*result*/) override {
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            groups_->add(leaf.block.key(slot), leaf.block.item_data(slot), leaf.place(slot));
        }
    }
    void lost(const Promise& promise) override { groups_->lose(promise); }

private:
    GroupCheck* groups_;
};

/// Whether what the tree says is to be believed and can be compared; why not is told.
bool can_be_compared(Context& context) {
    const u64 flags = context.geometry().compat_ro_flags;
    if ((flags & btrfs::compat_ro_free_space_tree) == 0) {
        return false; // what an earlier kernel left behind, which nobody reads
    }
    if ((flags & btrfs::compat_ro_free_space_tree_valid) == 0) {
        context.findings.report(ProblemCode::free_space_not_valid, {.tree = btrfs::free_space_tree_id}, {});
        return false;
    }
    if (context.geometry().has_incompat(btrfs::incompat_extent_tree_v2)) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::free_space_tree_id},
                                "free space: extent tree v2 has several trees of it");
        return false;
    }
    return !is_old_dump(context);
}

} // namespace

void check_free_space_tree(Context& context) {
    const bool compare = can_be_compared(context);
    const auto root = find_tree(context, btrfs::free_space_tree_id);
    if (!root) {
        return;
    }
    GroupCheck groups(context, compare);
    FreeSpaceVisitor visitor(groups);
    const bool whole = scan_tree(context, *root, visitor);
    groups.finish();
    if (!whole && compare) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::free_space_tree_id},
                                "free space of some block groups: parts of the tree are lost");
    }
}

} // namespace btrkit::check
