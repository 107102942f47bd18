// SPDX-License-Identifier: MIT
#include "libfs/txn/logged_space.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/tree/tree_walk.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

using VisitItem = std::function<void(const btrfs::Key& key, Bytes body)>;

/// Every block that can be read, whatever else is wrong with it.
void note_blocks(const Filesystem& filesystem, const Promise& root, std::vector<Range>& space, const VisitItem& visit) {
    const auto& reader = filesystem.reader();
    TreeWalk walk(reader, root, WalkOrder::depth_first, {});
    while (const auto promise = walk.next()) {
        space.push_back(range_from(promise->address.bytenr, filesystem.geometry().nodesize));
        const OwnedBlock block(reader, *promise);
        const bool is_leaf = block.is_proven() && block.block().is_leaf();
        for (u32 slot = 0; is_leaf && slot < block.block().count(); ++slot) {
            visit(block.block().key(slot), block.block().item_data(slot));
        }
    }
}

void note_extent(Bytes body, std::vector<Range>& space) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const bool is_inline = head == nullptr || head->type == static_cast<u8>(btrfs::FileExtentType::inline_data);
    const auto* range = is_inline ? nullptr : view_at<btrfs::FileExtentRange>(body, sizeof(*head));
    if (range != nullptr && range->disk_bytenr != 0) {
        space.push_back(range_from(range->disk_bytenr, range->disk_num_bytes));
    }
}

} // namespace

RangeSet logged_space(const Filesystem& filesystem) {
    std::vector<Range> space;
    const auto logs = filesystem.log_root_tree();
    if (!logs) {
        return {};
    }
    note_blocks(filesystem, logs->block, space, [&](const btrfs::Key& root_key, Bytes root_body) {
        const auto root = root_key.type == type::root_item ? parse_root_item(root_key, root_body) : std::nullopt;
        if (!root) {
            return;
        }
        note_blocks(filesystem, root->block, space, [&](const btrfs::Key& key, Bytes body) {
            if (key.type == type::extent_data) {
                note_extent(body, space);
            }
        });
    });
    std::ranges::sort(space);
    RangeSet ranges;
    for (const Range range : space) {
        ranges.append(range);
    }
    return ranges;
}

} // namespace btrkit
