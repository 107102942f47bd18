// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/ops/check/roots/log_csums.h"
#include "libfs/ops/check/roots/log_names.h"
#include "libfs/survey/scan/tree_scan.h"
#include "libfs/tree/item_check.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// Every block of a tree of the log, in one thread, tolerantly: logs are small, and their blocks are in no extent tree.
/// thorough: tell what is wrong with them. False where something was lost.
bool read_log_blocks(Context& context, const TreeRoot& root, const KeyRange& keys, bool thorough,
                     const ItemVisitor& visit) {
    const auto& reader = context.filesystem.reader();
    TreeWalk walk(reader, root.block, WalkOrder::depth_first, keys);
    bool is_whole = true;
    while (const auto promise = walk.next()) {
        if (context.run.stop.stop_requested()) {
            return false;
        }
        OwnedBlock block(reader, *promise);
        Problems problems = block.problems();
        if (!block.is_proven()) {
            is_whole = false;
            problems.push_back(lost_range(*promise));
        } else if (block.block().is_leaf()) {
            check_items(block.block(), reader.geometry(), root.id, problems);
        }
        if (thorough) {
            for (auto& problem : problems) {
                problem.place.tree = btrfs::tree_log_id;
            }
            context.findings.add(std::move(problems));
        }
        for (u32 slot = 0; block.is_proven() && block.block().is_leaf() && slot < block.block().count(); ++slot) {
            const auto key = block.block().key(slot);
            visit(key, block.block().item_data(slot),
                  {.logical = promise->address, .tree = btrfs::tree_log_id, .slot = slot, .key = key});
        }
    }
    return is_whole;
}

constexpr auto csum_keys = KeyRange::items_of(btrfs::extent_csum_objectid, type::extent_csum);

void check_log_of(Context& context, u64 subvolume, const TreeRoot& root) {
    const auto* record = context.roots.find(subvolume);
    if (record == nullptr) {
        // The log of a deleted subvolume is not replayed.
        read_log_blocks(context, root, {}, true, [](const btrfs::Key&, Bytes, const Place&) {});
        return;
    }
    LogCsums csums(context, *record);
    // Checksums stand behind all files, but are wanted first.
    const bool has_all_csums = read_log_blocks(context, root, csum_keys, false,
                                               [&](const btrfs::Key& key, Bytes body, const Place& /*place*/) {
                                                   if (csum_keys.contains(key)) {
                                                       csums.accept_csums(key, body);
                                                   }
                                               });
    LogNames names(context);
    read_log_blocks(context, root, {}, true, [&](const btrfs::Key& key, Bytes body, const Place& place) {
        names.accept(key, body, place);
        if (key.type == type::inode_item) {
            csums.accept_inode(key, body);
        } else if (key.type == type::extent_data && has_all_csums) {
            csums.accept_extent(key, body, place);
        }
    });
    csums.finish();
    if (!has_all_csums) {
        context.findings.report(
            ProblemCode::not_checked, {.tree = btrfs::tree_log_id},
            fmt::format("checksums in the log of {}: part of it is lost", objectid_text(subvolume)));
    }
}

} // namespace

void check_log(Context& context) {
    const auto logs = context.filesystem.log_root_tree();
    if (!logs) {
        return;
    }
    context.findings.report(ProblemCode::log_present, {.logical = logs->block.address}, {});
    const auto accept = [&](const btrfs::Key& key, Bytes body, const Place& place) {
        const auto root = parse_root_item(key, body);
        if (key.type == type::root_item && key.objectid == btrfs::tree_log_id) {
            if (root) {
                check_log_of(context, key.offset, *root);
            }
        } else if (btrfs::find_item_type(key.type) != nullptr) {
            context.findings.report(ProblemCode::item_misplaced, place, "the tree of logs has only root items");
        }
    };
    read_log_blocks(context, *logs, {}, true, accept);
}

} // namespace btrkit::check
