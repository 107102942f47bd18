// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/survey/find_tree.h"
#include "libfs/survey/scan/tree_scan.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

void accept_group_item(Context& context, const btrfs::Key& key, Bytes body, const Place& place, bool& complete) {
    if (key.type != btrfs::item_type::block_group_item) {
        context.findings.report(ProblemCode::item_misplaced, place, "the block group tree has block groups only");
        return;
    }
    const auto* item = view_at<btrfs::BlockGroupItem>(body);
    if (item == nullptr) {
        complete = false;
        return;
    }
    context.space.block_groups.push_back(
        {.start = key.objectid, .length = key.offset, .flags = item->flags, .used_bytes = item->used, .place = place});
}

/// The extent tree's pass has taken what stands there. Returns whether no item was lost.
bool scan_block_group_tree(Context& context) {
    for (const BlockGroupRecord& left_over : context.space.block_groups) {
        context.findings.report(ProblemCode::block_group_unfounded, left_over.place,
                                "it stands in the extent tree, but the filesystem has a block group tree");
    }
    context.space.block_groups.clear();
    const auto root = find_tree(context, btrfs::block_group_tree_id);
    if (!root) {
        return false;
    }
    bool complete = true;
    const bool whole = scan_items(context, *root, [&](const btrfs::Key& key, Bytes body, const Place& place) {
        accept_group_item(context, key, body, place, complete);
    });
    return whole && complete;
}

std::string flags_text(u64 flags) {
    TextBuffer text;
    put_flags(text, flags, btrfs::block_group_flag_names);
    return std::string(text.view());
}

void compare_with_chunk(Context& context, const BlockGroupRecord& group, const Chunk& chunk) {
    const Range range{chunk.start.bytenr, chunk.start.bytenr + chunk.length};
    if (group.length != chunk.length) {
        context.findings.report(ProblemCode::block_group_differs, group.place,
                                fmt::format("length is {}, but the chunk has {}", group.length, chunk.length));
    }
    if (group.flags != chunk.type) {
        // Kernels compare what is in the group, and go by the chunk for how.
        const bool is_of_type = ((group.flags ^ chunk.type) & btrfs::block_group_type_mask) == 0;
        context.findings.report(
            is_of_type ? ProblemCode::block_group_profile : ProblemCode::block_group_differs, group.place,
            fmt::format("flags are {}, but the chunk has {}", flags_text(group.flags), flags_text(chunk.type)));
    }
    const auto found = context.space.used_bytes_of_chunk.find(range.start);
    const u64 used = found == context.space.used_bytes_of_chunk.end() ? 0 : found->second;
    if (group.used_bytes != used && !context.unknown_extents.intersects(range)) {
        context.findings.report(ProblemCode::block_group_used, group.place,
                                fmt::format("used is {}, but its extents take {}", group.used_bytes, used));
    }
}

/// The groups must be sorted. What two items say of one chunk is told of the second.
void check_groups(Context& context, std::span<const BlockGroupRecord> groups) {
    const BlockGroupRecord* previous = nullptr;
    for (const BlockGroupRecord& group : groups) {
        const Chunk* chunk = context.filesystem.volume().chunks().find({group.start});
        if (chunk != nullptr && chunk->start.bytenr != group.start) {
            chunk = nullptr;
        }
        if (previous != nullptr && previous->start == group.start) {
            context.findings.report(ProblemCode::block_group_differs, group.place,
                                    fmt::format("block group {} has two items", group.start));
        } else if (chunk != nullptr) {
            compare_with_chunk(context, group, *chunk);
        } else if (context.space.chunks_complete) {
            context.findings.report(ProblemCode::block_group_unfounded, group.place,
                                    fmt::format("no chunk begins at {}", group.start));
        }
        previous = &group;
    }
}

void check_chunks_have_groups(Context& context, std::span<const BlockGroupRecord> groups) {
    for (const Chunk& chunk : context.filesystem.volume().chunks().chunks()) {
        const u64 start = chunk.start.bytenr;
        if (!std::ranges::binary_search(groups, start, {}, &BlockGroupRecord::start) &&
            !context.unknown_extents.intersects({start, start + chunk.length})) {
            context.findings.report(ProblemCode::block_group_missing, {.logical = chunk.start, .length = chunk.length},
                                    fmt::format("chunk {}, {}", start, flags_text(chunk.type)));
        }
    }
}

void check_bytes_used(Context& context) {
    u64 used = 0;
    for (const auto& [start, bytes] : context.space.used_bytes_of_chunk) {
        used += bytes;
    }
    if (const u64 in_super = context.filesystem.super().bytes_used; in_super != used) {
        context.findings.report(ProblemCode::super_bytes_used, {},
                                fmt::format("bytes_used is {}, but extents take {}", in_super, used));
    }
}

} // namespace

void check_block_groups(Context& context) {
    const bool is_changing = (context.geometry().super_flags & btrfs::super_flag_changing_bg_tree) != 0;
    const bool has_tree = context.geometry().has_block_group_tree();
    const bool complete = !has_tree || scan_block_group_tree(context);
    if (is_old_dump(context)) {
        return;
    }
    if (is_changing) {
        context.findings.report(ProblemCode::not_checked, {},
                                "block groups: a change of where they stand is not finished");
        return;
    }
    auto groups = context.space.block_groups;
    std::ranges::sort(groups, {}, [](const BlockGroupRecord& group) { return std::pair(group.start, group.length); });
    check_groups(context, groups);
    if (complete) {
        check_chunks_have_groups(context, groups);
    }
    if (context.unknown_extents.empty() && context.space.chunks_complete) {
        check_bytes_used(context);
    }
}

} // namespace btrkit::check
