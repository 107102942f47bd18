// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/trees.h"

#include "libfs/base/item_buffer.h"
#include "libfs/tree/extent_ref.h"

#include <algorithm>

namespace btrkit::mkfs {

namespace {

btrfs::Key group_key(const BlockGroupSpace& group) {
    return {group.start().bytenr, btrfs::item_type::block_group_item, group.length()};
}

btrfs::BlockGroupItem group_item(const BlockGroupSpace& group) {
    return {.used = group.used_bytes(), .chunk_objectid = btrfs::first_chunk_tree_objectid, .flags = group.type()};
}

/// Writes the items of the extent tree one by one.
class ExtentItems {
public:
    ExtentItems(const Parameters& parameters, BlockSink& sink)
        : parameters_(&parameters), tree_(parameters.geometry, identity_of(parameters, btrfs::extent_tree_id), sink) {}

    btrfs::Key key(const BuiltBlock& block) const {
        return is_skinny()
                   ? btrfs::Key{block.address.bytenr, btrfs::item_type::metadata_item, block.level}
                   : btrfs::Key{block.address.bytenr, btrfs::item_type::extent_item, parameters_->geometry.nodesize};
    }
    static btrfs::Key key(const DataExtent& extent) {
        return {extent.at.bytenr, btrfs::item_type::extent_item, extent.length};
    }

    Result<void> add(const BuiltBlock& block) {
        body_.clear().add(head(btrfs::extent_flag_tree_block));
        if (!is_skinny()) {
            body_.add(btrfs::TreeBlockInfo{.key = btrfs::DiskKey::from(block.first_key), .level = block.level});
        }
        add_ref({.type = btrfs::item_type::tree_block_ref, .root = block.tree, .count = 1});
        return tree_.add(key(block), body_.bytes());
    }
    Result<void> add(const DataExtent& extent) {
        body_.clear().add(head(btrfs::extent_flag_data));
        if (parameters_->features.simple_quota) {
            add_ref({.type = btrfs::item_type::extent_owner_ref, .root = extent.tree});
        }
        add_ref({.type = btrfs::item_type::extent_data_ref,
                 .root = extent.tree,
                 .objectid = extent.inode,
                 .offset = extent.file_offset,
                 .count = 1});
        return tree_.add(key(extent), body_.bytes());
    }
    Result<void> add(const BlockGroupSpace& group) {
        return tree_.add(group_key(group), as_bytes_of(group_item(group)));
    }
    Result<BuiltTree> finish() { return tree_.finish(); }

private:
    bool is_skinny() const { return parameters_->has_incompat(btrfs::incompat_skinny_metadata); }
    void add_ref(const ExtentRef& ref) { body_.add_bytes(encode_inline_ref(ref).bytes()); }
    static btrfs::ExtentItem head(u64 flags) { return {.refs = 1, .generation = first_generation, .flags = flags}; }

    const Parameters* parameters_;
    TreeBuilder tree_;
    ItemBuffer body_;
};

} // namespace

Result<BuiltTree> build_extent_tree(const Parameters& parameters, const SpaceState& space,
                                    std::vector<BuiltBlock> blocks, std::span<const DataExtent> data, BlockSink& sink) {
    std::ranges::sort(blocks, {}, &BuiltBlock::address);
    const auto groups =
        parameters.features.has_block_group_tree() ? std::vector<const BlockGroupSpace*>{} : space.groups();
    ExtentItems items(parameters, sink);
    auto block = blocks.begin();
    auto extent = data.begin();
    auto group = groups.begin();
    // Three sorted lists become one.
    while (block != blocks.end() || extent != data.end() || group != groups.end()) {
        const auto block_key = block != blocks.end() ? items.key(*block) : btrfs::Key::max();
        const auto extent_key = extent != data.end() ? ExtentItems::key(*extent) : btrfs::Key::max();
        const auto next_group_key = group != groups.end() ? group_key(**group) : btrfs::Key::max();
        const auto smallest = std::min({block_key, extent_key, next_group_key});
        Result<void> added;
        if (smallest == block_key) {
            added = items.add(*block++);
        } else if (smallest == extent_key) {
            added = items.add(*extent++);
        } else {
            added = items.add(**group++);
        }
        if (!added) {
            return std::unexpected(added.error());
        }
    }
    return items.finish();
}

Result<BuiltTree> build_block_group_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::block_group_tree_id), sink);
    for (const auto* group : space.groups()) {
        const auto item = group_item(*group);
        BTRKIT_TRY(tree.add(group_key(*group), as_bytes_of(item)));
    }
    return tree.finish();
}

Result<BuiltTree> build_free_space_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::free_space_tree_id), sink);
    for (const auto* group : space.groups()) {
        const auto ranges = group->free_ranges();
        const btrfs::FreeSpaceInfo info = {.extent_count = static_cast<u32>(ranges.ranges().size()), .flags = 0};
        const btrfs::Key key = {group->start().bytenr, btrfs::item_type::free_space_info, group->length()};
        BTRKIT_TRY(tree.add(key, as_bytes_of(info)));
        for (const Range range : ranges.ranges()) {
            BTRKIT_TRY(tree.add({range.start, btrfs::item_type::free_space_extent, range.length()}, {}));
        }
    }
    return tree.finish();
}

} // namespace btrkit::mkfs
