// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/uses.h"

#include "formats/btrfs/item_types.h"

#include <optional>
#include <unordered_map>

namespace btrkit::defragment {

namespace {

/// What stands at one end of a stretch of a tree, if it is data of a file.
struct Edge {
    u64 inode = 0;
    u64 file_begin = 0;
    u64 file_end = 0;
    u32 extent = DataExtents::none; ///< none: something else stands there
    u64 begin = 0;                  ///< in it
    u64 end = 0;

    bool is_data() const { return extent != DataExtents::none; }
};
struct Stretch {
    Edge first;
    Edge last;
};

class UseScan {
public:
    UseScan(const Filesystem& filesystem, DataExtents& extents, const RunContext& context)
        : filesystem_(filesystem), extents_(extents), context_(context) {}

    Result<void> scan_tree(const TreeRoot& root) {
        tree_ = root.id;
        inode_ = 0;
        BTRKIT_TRY_ASSIGN(const auto whole, scan(root.block));
        join({}, whole.first);
        join(whole.last, {});
        return {};
    }

    Uses take() && { return std::move(found_); }

private:
    Result<Stretch> scan(const Promise& promise) {
        const u64 address = promise.address.bytenr;
        if (const auto seen = seen_.find(address); seen != seen_.end()) {
            return seen->second;
        }
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        const OwnedBlock owned(filesystem_.reader(), promise);
        if (!owned.is_proven()) {
            return fail(ErrorKind::damaged, describe(lost_range(promise)));
        }
        const TreeBlock& block = owned.block();
        Stretch stretch;
        if (block.is_leaf()) {
            stretch = scan_leaf(block);
        } else {
            BTRKIT_TRY_ASSIGN(stretch, scan_children(block, promise));
        }
        seen_.emplace(address, stretch);
        return stretch;
    }

    Result<Stretch> scan_children(const TreeBlock& node, const Promise& promise) {
        Stretch whole;
        for (u32 slot = 0; slot < node.count(); ++slot) {
            BTRKIT_TRY_ASSIGN(const auto child, scan(child_promise(node, slot, promise)));
            if (slot == 0) {
                whole.first = child.first;
            } else {
                join(whole.last, child.first);
            }
            whole.last = child.last;
        }
        return whole;
    }

    Stretch scan_leaf(const TreeBlock& leaf) {
        Stretch whole;
        for (u32 slot = 0; slot < leaf.count(); ++slot) {
            const Edge edge = scan_item(leaf.key(slot), leaf.item_data(slot));
            if (slot == 0) {
                whole.first = edge;
            } else {
                join(whole.last, edge);
            }
            whole.last = edge;
        }
        note_place(leaf);
        return whole;
    }

    Edge scan_item(const btrfs::Key& key, Bytes body) {
        const auto stored = key.type == btrfs::item_type::extent_data ? stored_extent(body) : std::nullopt;
        const u32 extent = stored ? extents_.find(stored->range.disk_bytenr) : DataExtents::none;
        if (extent == DataExtents::none) {
            return {};
        }
        if (key.objectid != inode_) {
            inode_ = key.objectid;
            found_.files.push_back({.tree = tree_, .inode = inode_});
        }
        extents_.note(extent, *stored);
        const u64 begin = stored->range.offset;
        const u64 length = stored->range.num_bytes;
        found_.uses.push_back({.extent = extent,
                               .file = static_cast<u32>(found_.files.size() - 1),
                               .begin = begin,
                               .end = begin + length});
        return {.inode = key.objectid,
                .file_begin = key.offset,
                .file_end = key.offset + length,
                .extent = extent,
                .begin = begin,
                .end = begin + length};
    }

    void join(const Edge& left, const Edge& right) {
        const bool touches =
            left.is_data() && right.is_data() && left.inode == right.inode && left.file_end == right.file_begin;
        if (touches) {
            found_.joints.push_back(
                {.left = left.extent, .right = right.extent, .left_end = left.end, .right_begin = right.begin});
            return;
        }
        if (left.is_data()) {
            found_.joints.push_back({.left = left.extent, .left_end = left.end});
        }
        if (right.is_data()) {
            found_.joints.push_back({.right = right.extent, .right_begin = right.begin});
        }
    }

    /// A node or two may stand between one leaf and the next.
    void note_place(const TreeBlock& leaf) {
        constexpr u64 near_blocks = 8;
        const u64 address = leaf.header().bytenr;
        const bool is_near = address > last_leaf_ && address - last_leaf_ <= near_blocks * leaf.nodesize();
        found_.far_leaf_count += is_near ? 0 : 1;
        ++found_.leaf_count;
        last_leaf_ = address;
    }

    const Filesystem& filesystem_;
    DataExtents& extents_;
    const RunContext& context_;
    u64 tree_ = 0;
    u64 inode_ = 0; ///< whose items were come to last
    u64 last_leaf_ = 0;
    std::unordered_map<u64, Stretch> seen_; ///< blocks, by their addresses
    Uses found_;
};

} // namespace

Result<Uses> find_uses(const Filesystem& filesystem, std::span<const TreeRoot> subvolumes, DataExtents& extents,
                       const RunContext& context) {
    context.progress.begin_phase("looking at files", 0, ProgressUnit::items);
    UseScan scan(filesystem, extents, context);
    for (const auto& subvolume : subvolumes) {
        BTRKIT_TRY(scan.scan_tree(subvolume));
    }
    return std::move(scan).take();
}

} // namespace btrkit::defragment
