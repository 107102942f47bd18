// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stripe_tree.h"
#include "libfs/space/free_space.h"
#include "libfs/survey/find_tree.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

void check_strides(Context& context, Bytes body, const Place& place) {
    const auto& members = context.filesystem.volume().members();
    std::size_t at = 0;
    while (const auto* stride = view_at<btrfs::RaidStride>(body, at)) {
        at += sizeof(*stride);
        if (!members.contains(stride->devid)) {
            context.findings.report_own(ProblemCode::item_raid_stripe, place,
                                        fmt::format("there is no device {}", u64{stride->devid}));
        }
    }
}

void accept_stripe_item(Context& context, const btrfs::Key& key, Bytes body, const Place& place, RangeSet& stripes) {
    if (key.type != btrfs::item_type::raid_stripe) {
        context.findings.report(ProblemCode::item_misplaced, place, "the raid stripe tree has raid stripes only");
        return;
    }
    check_strides(context, body, place);
    const Range range = range_from(key.objectid, key.offset);
    stripes.append(range);
    if (!context.unknown_extents.intersects(range) && !context.space.allocated.covers(range)) {
        context.findings.report(ProblemCode::raid_stripe_unfounded, place,
                                fmt::format("{} bytes at {}", key.offset, key.objectid));
    }
}

void check_data_has_stripes(Context& context, const RangeSet& stripes) {
    RangeSet wanted;
    for (const Chunk& chunk : context.filesystem.volume().chunks().chunks()) {
        if (!uses_stripe_tree(chunk)) {
            continue;
        }
        const RangeSet allocated = context.space.allocated.within(range_of(chunk));
        for (const Range& range : allocated.ranges()) {
            wanted.append(range);
        }
    }
    const RangeSet written = difference(wanted, context.space.data_without_csum);
    const RangeSet missing = difference(written, stripes);
    for (const Range& range : missing.ranges()) {
        context.findings.report(ProblemCode::raid_stripe_missing,
                                {.logical = Logical{range.start}, .length = range.length()}, {});
    }
}

} // namespace

void check_raid_stripes(Context& context) {
    if (!context.geometry().has_incompat(btrfs::incompat_raid_stripe_tree)) {
        return;
    }
    const auto root = find_tree(context, btrfs::raid_stripe_tree_id);
    if (!root) {
        return;
    }
    RangeSet stripes;
    const bool whole = scan_items(context, *root, [&](const btrfs::Key& key, Bytes body, const Place& place) {
        accept_stripe_item(context, key, body, place, stripes);
    });
    if (whole) {
        check_data_has_stripes(context, stripes);
    } else {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::raid_stripe_tree_id},
                                "whether all data has raid stripes: parts of the tree are lost");
    }
}

} // namespace btrkit::check
