// SPDX-License-Identifier: MIT
#include "libfs/txn/space_ledger.h"

#include "libfs/space/free_space_items.h"
#include "libfs/tree/tree_search.h"
#include "libfs/volume/chunk_rows.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Data is cut into shorter pieces only where no chunk can be laid.
constexpr u64 good_piece_bytes = mib;

/// In raid5 and raid6: all rows that hold something. A row is written as a whole or not at all, for a cut of the power
/// in the midst of it leaves parity behind that is wrong for what was there.
RangeSet rows_in_use(const Chunk& chunk, const RangeSet& allocated) {
    RangeSet rows;
    if (chunk.profile().parity == 0) {
        return rows;
    }
    for (const Range range : allocated.within(range_of(chunk)).ranges()) {
        rows.append(rows_around(chunk, range));
    }
    return rows;
}

} // namespace

Result<u64> SpaceLedger::read_used_bytes(const Chunk& chunk) {
    TreeSearch search(*cache_, committed_.block_groups);
    BTRKIT_TRY_ASSIGN(const bool is_there, search.find(block_group_key(chunk)));
    const auto* item = is_there ? view_at<btrfs::BlockGroupItem>(search.data()) : nullptr;
    if (item == nullptr) {
        return bad_group(chunk, "has no item");
    }
    if (item->used > chunk.length || item->flags != chunk.type) {
        return bad_group(chunk, "its item does not fit its chunk");
    }
    return item->used;
}

Result<void> SpaceLedger::compare_recorded(const Chunk& chunk, const RangeSet& allocated) {
    if (!committed_.free_space) {
        return {};
    }
    const u32 sectorsize = filesystem_->geometry().sectorsize;
    TreeSearch search(*cache_, *committed_.free_space);
    BTRKIT_TRY_ASSIGN(const auto items, read_free_space_items(search, chunk));
    BTRKIT_TRY_ASSIGN(const auto recorded, decode_free_space(chunk, items, sectorsize));
    if (difference(recorded.free, super_stripes(chunk)) != free_ranges(chunk, allocated)) {
        return bad_group(chunk, "the free space tree and the extent tree disagree about what is free");
    }
    return {};
}

/// What extents have of it.
Result<RangeSet> SpaceLedger::load(Group& group) {
    BTRKIT_TRY_ASSIGN(auto allocated, read_allocated(filesystem_->reader(), committed_.extents, group.chunk));
    if (allocated.total_bytes() != group.used_bytes) {
        return bad_group(group.chunk, fmt::format("says {} bytes used, but extents have {}", group.used_bytes,
                                                  allocated.total_bytes()));
    }
    BTRKIT_TRY(compare_recorded(group.chunk, allocated));
    open(group, allocated);
    return allocated;
}

Result<std::vector<GroupExtents>> SpaceLedger::trust_extents() {
    BTRKIT_TRY_ASSIGN(auto all, read_group_extents(filesystem_->reader(), committed_.extents));
    trust(all);
    return all;
}

void SpaceLedger::trust(std::span<const GroupExtents> groups) {
    for (const auto& [chunk, allocated] : groups) {
        auto& group = groups_[chunk.start.bytenr];
        group.key = chunk.start.bytenr;
        group.chunk = chunk;
        group.used_bytes = allocated.total_bytes();
        open(group, allocated);
    }
}

void SpaceLedger::open(Group& group, const RangeSet& allocated) {
    group.space.emplace(group.chunk, allocated);
    for (const Range row : rows_in_use(group.chunk, allocated).ranges()) {
        group.space->pin(row);
    }
    for (const Range range : pinned_.within(range_of(group.chunk)).ranges()) {
        group.space->pin(range);
    }
}

Result<std::vector<SpaceLedger::Group*>*> SpaceLedger::groups_for(u64 wanted) {
    if (const auto found = groups_of_type_.find(wanted); found != groups_of_type_.end()) {
        return &found->second;
    }
    auto& groups = groups_of_type_[wanted];
    for (const auto& chunk : filesystem_->volume().chunks().chunks()) {
        if ((chunk.type & wanted) == 0) {
            continue;
        }
        auto& group = groups_[chunk.start.bytenr];
        if (group.chunk.length == 0) {
            group.key = chunk.start.bytenr;
            group.chunk = chunk;
            BTRKIT_TRY_ASSIGN(group.used_bytes, read_used_bytes(chunk));
        }
        if (!group.is_gone) {
            groups.push_back(&group);
        }
    }
    std::ranges::sort(groups, std::ranges::greater{}, [](const Group* group) {
        return std::pair(group->chunk.length - group->used_bytes, ~group->chunk.start.bytenr);
    });
    return &groups;
}

Result<std::optional<Logical>> SpaceLedger::take_from(std::span<Group* const> groups, u64 bytes) {
    for (auto* group : groups) {
        if (bytes >= group->lacks_bytes || group->chunk.length - group->used_bytes < bytes) {
            continue;
        }
        if (!group->space) {
            BTRKIT_TRY(load(*group));
        }
        auto at = group->space->take(bytes);
        if (!at) {
            // What was passed over for a longer piece.
            group->space->rewind();
            at = group->space->take(bytes);
        }
        if (at) {
            note_taken(*group, range_from(at->bytenr, bytes));
            return at;
        }
        group->lacks_bytes = bytes;
    }
    return std::nullopt;
}

/// The most first, then half of that, and so on.
Result<std::optional<Range>> SpaceLedger::take_longest(std::span<Group* const> groups, u64 most_bytes,
                                                       u64 least_bytes) {
    const u32 sectorsize = filesystem_->geometry().sectorsize;
    for (u64 bytes = most_bytes;; bytes = std::max(round_up(bytes / 2, sectorsize), least_bytes)) {
        BTRKIT_TRY_ASSIGN(const auto at, take_from(groups, bytes));
        if (at) {
            return range_from(at->bytenr, bytes);
        }
        if (bytes <= least_bytes) {
            return std::nullopt;
        }
    }
}

/// Lays a chunk that nobody has used; false where there is no room for one.
Result<bool> SpaceLedger::grow(u64 type) {
    BTRKIT_TRY_ASSIGN(const auto chunk, growth_->grow(type));
    if (!chunk) {
        return false;
    }
    add_group(*chunk);
    return true;
}

void SpaceLedger::add_group(const Chunk& chunk) {
    auto& group = groups_[chunk.start.bytenr];
    group.key = chunk.start.bytenr;
    group.chunk = chunk;
    group.space.emplace(chunk);
    for (auto& [wanted, groups] : groups_of_type_) {
        if ((chunk.type & wanted) != 0) {
            groups.push_back(&group);
        }
    }
    auto& change = changes_[chunk.start.bytenr];
    change.chunk = chunk;
    change.is_new = true;
}

Result<void> SpaceLedger::cut_group(const Chunk& chunk, const std::optional<Chunk>& left) {
    for (const u64 wanted : {btrfs::block_group_data, btrfs::block_group_metadata, btrfs::block_group_system}) {
        if ((chunk.type & wanted) != 0) {
            BTRKIT_TRY(groups_for(wanted));
        }
    }
    const auto found = groups_.find(chunk.start.bytenr);
    if (found == groups_.end()) {
        return bad_group(chunk, "is neither for data nor for metadata");
    }
    auto& group = found->second;
    BTRKIT_TRY_ASSIGN(const auto allocated, load(group));
    auto& change = changes_[group.key];
    change.was = chunk;
    change.is_gone = group.is_gone = !left;
    if (!left) {
        for (auto& [wanted, groups] : groups_of_type_) {
            std::erase(groups, &group);
        }
        group.space.reset();
        return {};
    }
    group.chunk = *left;
    group.used_bytes = allocated.within(range_of(*left)).total_bytes();
    open(group, allocated);
    change.chunk = *left;
    change.is_new = true;
    change.allocated = allocated.within(range_of(*left));
    change.used_bytes = static_cast<std::int64_t>(group.used_bytes);
    return {};
}

/// The group that holds the address.
Result<SpaceLedger::Group*> SpaceLedger::group_at(Logical at) {
    const Chunk* chunk = filesystem_->volume().chunks().find(at);
    const u64 kinds = btrfs::block_group_data | btrfs::block_group_metadata | btrfs::block_group_system;
    if (chunk == nullptr || (chunk->type & kinds) == 0) {
        return fail(ErrorKind::damaged, fmt::format("no block group holds {}", at.bytenr));
    }
    if (!groups_.contains(chunk->start.bytenr)) {
        const u64 kind = chunk->type & kinds;
        BTRKIT_TRY(groups_for(kind & -kind));
    }
    auto& group = groups_.at(chunk->start.bytenr);
    if (!group.space && !group.is_gone) {
        BTRKIT_TRY(load(group));
    }
    return &group;
}

Result<void> SpaceLedger::claim(Range range) {
    BTRKIT_TRY_ASSIGN(auto* group, group_at({range.start}));
    if (!group->space || !group->space->claim(range)) {
        return fail_as_bug(fmt::format("{} bytes at {} are not free", range.length(), range.start));
    }
    note_taken(*group, range);
    return {};
}

Result<void> SpaceLedger::adopt(Range range) {
    BTRKIT_TRY_ASSIGN(auto* group, group_at({range.start}));
    if (!group->space || !group->space->adopt(range)) {
        return bad_group(group->chunk, fmt::format("{} bytes at {} are not free", range.length(), range.start));
    }
    note_taken(*group, range);
    return {};
}

Result<Logical> SpaceLedger::take_block(u64 tree) {
    const bool is_of_chunk_tree = tree == btrfs::chunk_tree_id;
    const u64 type = is_of_chunk_tree ? btrfs::block_group_system : btrfs::block_group_metadata;
    const u32 nodesize = filesystem_->geometry().nodesize;
    BTRKIT_TRY_ASSIGN(auto* groups, groups_for(type));
    BTRKIT_TRY_ASSIGN(auto at, take_from(*groups, nodesize));
    if (!at) {
        BTRKIT_TRY(grow(type));
        BTRKIT_TRY_ASSIGN(at, take_from(*groups, nodesize));
    }
    if (!at) {
        return fail(ErrorKind::no_space,
                    fmt::format("no space left for {}: make the image larger, or delete something in a run of its own",
                                is_of_chunk_tree ? "the chunk tree" : "metadata"));
    }
    return *at;
}

Result<Range> SpaceLedger::take_data(u64 bytes, bool in_one_piece) {
    const u64 least_bytes = in_one_piece ? bytes : filesystem_->geometry().sectorsize;
    BTRKIT_TRY_ASSIGN(auto* groups, groups_for(btrfs::block_group_data));
    BTRKIT_TRY_ASSIGN(auto taken,
                      take_longest(*groups, bytes, std::max(least_bytes, std::min(bytes, good_piece_bytes))));
    if (!taken) {
        BTRKIT_TRY(grow(btrfs::block_group_data));
        BTRKIT_TRY_ASSIGN(taken, take_longest(*groups, bytes, least_bytes));
    }
    if (!taken) {
        return fail(ErrorKind::no_space, "no space left for data: make the image larger, or remove something in a run "
                                         "of its own");
    }
    return *taken;
}

void SpaceLedger::note_taken(const Group& group, Range range) {
    auto& change = changes_[group.key];
    change.chunk = group.chunk;
    change.used_bytes += static_cast<std::int64_t>(range.length());
    used_bytes_change_ += static_cast<std::int64_t>(range.length());
    if (change.freed.covers(range)) {
        change.freed.erase(range);
    } else {
        change.taken.insert(range);
    }
}

Result<void> SpaceLedger::release(Range range) {
    const Chunk* chunk = filesystem_->volume().chunks().find({range.start});
    if (chunk == nullptr || range.end > range_of(*chunk).end) {
        return fail(ErrorKind::damaged, fmt::format("no block group holds extent {}", range.start));
    }
    used_bytes_change_ -= static_cast<std::int64_t>(range.length());
    const auto found = groups_.find(chunk->start.bytenr);
    if (found != groups_.end()) {
        auto& group = found->second;
        // What is cut off has no account any more.
        range = {std::max(range.start, range_of(group.chunk).start), std::min(range.end, range_of(group.chunk).end)};
        if (group.is_gone || range.start >= range.end) {
            return {};
        }
        if (group.space && !group.space->is_in_use(range)) {
            return bad_group(group.chunk, fmt::format("{} is in use, but the extent tree has it as free", range.start));
        }
        if (group.space) {
            group.space->release(range);
            group.lacks_bytes = ~u64{0};
        }
        chunk = &group.chunk;
    }
    auto& change = changes_[found == groups_.end() ? chunk->start.bytenr : found->first];
    change.chunk = *chunk;
    change.used_bytes -= static_cast<std::int64_t>(range.length());
    if (change.taken.covers(range)) {
        change.taken.erase(range);
    } else {
        change.freed.insert(range);
    }
    return {};
}

Result<void> SpaceLedger::release(std::span<const Range> ranges) {
    while (!ranges.empty()) {
        const Chunk* chunk = filesystem_->volume().chunks().find({ranges.front().start});
        if (chunk == nullptr) {
            return fail(ErrorKind::damaged, fmt::format("no block group holds extent {}", ranges.front().start));
        }
        // One that overlaps another, or leaves its group, is left for release(Range), which says what is wrong.
        RangeSet together;
        std::size_t count = 0;
        u64 end = 0;
        for (; count < ranges.size() && ranges[count].start >= end && ranges[count].end <= range_of(*chunk).end;
             ++count) {
            together.append(ranges[count]);
            end = ranges[count].end;
        }
        BTRKIT_TRY_ASSIGN(const bool is_done, release_together(*chunk, together));
        const auto own = ranges.first(std::max<std::size_t>(count, 1));
        const auto one_by_one = is_done && count > 0 ? std::span<const Range>() : own;
        for (const Range range : one_by_one) {
            BTRKIT_TRY(release(range));
        }
        ranges = ranges.subspan(own.size());
    }
    return {};
}

/// False where they have to be looked at one by one, for that or for what is wrong with one.
Result<bool> SpaceLedger::release_together(const Chunk& chunk, const RangeSet& ranges) {
    const auto found = groups_.find(chunk.start.bytenr);
    const bool is_committed =
        found == groups_.end() || (!found->second.is_gone && range_of(found->second.chunk) == range_of(chunk));
    const auto before = changes_.find(chunk.start.bytenr);
    if (!is_committed || (before != changes_.end() && (before->second.was || before->second.taken.intersects(ranges) ||
                                                       before->second.freed.intersects(ranges)))) {
        return false;
    }
    if (found != groups_.end() && found->second.space) {
        if (!found->second.space->release_old(ranges)) {
            return false;
        }
        found->second.lacks_bytes = ~u64{0};
    }
    const auto bytes = static_cast<std::int64_t>(ranges.total_bytes());
    auto& change = changes_[chunk.start.bytenr];
    change.chunk = chunk;
    used_bytes_change_ -= bytes;
    change.used_bytes -= bytes;
    change.freed = united(change.freed, ranges);
    return true;
}

std::vector<GroupChange> SpaceLedger::take_changes() {
    std::vector<GroupChange> all;
    all.reserve(changes_.size());
    for (auto& [start, change] : changes_) {
        all.push_back(std::move(change));
    }
    changes_.clear();
    return all;
}

} // namespace btrkit
