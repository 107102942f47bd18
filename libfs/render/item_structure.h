// SPDX-License-Identifier: MIT
// What the items of trees consist of, said once for all structured formats: describe_item() walks an item's body and
// tells an emitter about every field of it. The emitter (JsonEmitter, LineEmitter) decides how that looks.
//
// An emitter has: begin_object([name]) end_object() begin_list([name]) end_list() for what contains something;
// number octal null boolean choice flags text hex uuid time key (name, value) for fields; element hex_element (value)
// for what stands in lists. Names and words come from formats/; text is untrusted.
//
// Bodies that are not what their type promises (too short, too long, nonsense) are told as far as they are complete,
// then `malformed` and, as `raw`, all their bytes. Items of unknown or obsolete types are told as `size` and `raw`.
// Bodies that a leaf's budget (body_budget.h) no longer covers are told as `overlapping` only. Nothing outside the
// block is read, whatever the block says.
#pragma once

#include "libfs/render/body_budget.h"
#include "libfs/render/space_structure.h"
#include "libfs/tree/block_view.h"

namespace btrkit {

namespace structure {

/// Types that nothing is known about, or that no kernel of today writes.
template <class Emitter>
bool describe_raw(Emitter& emit, const ItemBody& item) {
    emit.number("size", item.bytes.size());
    emit.hex("raw", item.bytes);
    return true;
}

template <class Emitter>
bool describe_temporary(Emitter& emit, const ItemBody& item) {
    switch (item.key.objectid) {
    case btrfs::balance_objectid: return describe_whole<btrfs::BalanceItem>(emit, item.bytes);
    case btrfs::csum_change_objectid: {
        const auto* info =
            item.key.offset <= 0xffff ? btrfs::find_csum_type(static_cast<u16>(item.key.offset)) : nullptr;
        emit.choice("target_csum_type", item.key.offset, info != nullptr ? info->name : std::string_view{});
        return item.bytes.empty();
    }
    default: return describe_raw(emit, item);
    }
}

template <class Emitter>
bool describe_string(Emitter& emit, const ItemBody& item) {
    describe_name(emit, "string", item.bytes, item.context);
    return true;
}

/// Items that hang in subvolumes and in the root tree.
template <class Emitter>
bool describe_file_body(Emitter& emit, const ItemBody& item) {
    namespace type = btrfs::item_type;
    switch (item.key.type) {
    case type::inode_item: return describe_whole<btrfs::InodeItem>(emit, item.bytes);
    case type::inode_ref: return describe_inode_refs<btrfs::InodeRef>(emit, item);
    case type::inode_extref: return describe_inode_refs<btrfs::InodeExtref>(emit, item);
    case type::xattr_item:
    case type::dir_item:
    case type::dir_index: return describe_dir_entries(emit, item);
    case type::verity_desc_item: return describe_verity_descriptor(emit, item);
    case type::verity_merkle_item: return describe_verity_tree(emit, item);
    case type::dir_log_item:
    case type::dir_log_index: return describe_whole<btrfs::DirLogItem>(emit, item.bytes);
    case type::extent_data: return describe_file_extent(emit, item);
    case type::extent_csum: return describe_csums(emit, item);
    case type::root_item: return describe_root(emit, item);
    case type::root_ref:
    case type::root_backref: return describe_root_ref(emit, item);
    case type::uuid_key_subvol:
    case type::uuid_key_received_subvol: return describe_uuid_subvolumes(emit, item);
    case type::string_item: return describe_string(emit, item);
    case type::untyped:
        if (item.key.objectid == btrfs::free_space_objectid) {
            return describe_whole<btrfs::FreeSpaceHeader>(emit, item.bytes);
        }
        return describe_raw(emit, item);
    default: return describe_raw(emit, item);
    }
}

/// Items about space, devices and quotas; all others are passed on.
template <class Emitter>
bool describe_body(Emitter& emit, const ItemBody& item) {
    namespace type = btrfs::item_type;
    switch (item.key.type) {
    case type::extent_item:
    case type::metadata_item: return describe_extent(emit, item);
    case type::extent_owner_ref: return describe_whole<btrfs::ExtentOwnerRef>(emit, item.bytes);
    case type::extent_data_ref: return describe_list<btrfs::ExtentDataRef>(emit, "refs", item.bytes);
    case type::shared_data_ref: return describe_whole<btrfs::SharedDataRef>(emit, item.bytes);
    case type::orphan_item:
    case type::tree_block_ref:
    case type::shared_block_ref:
    case type::free_space_extent:
    case type::identity_remap:
    case type::qgroup_relation: return item.bytes.empty();
    case type::block_group_item: return describe_block_group(emit, item);
    case type::free_space_info: return describe_whole<btrfs::FreeSpaceInfo>(emit, item.bytes);
    case type::free_space_bitmap: return describe_free_space_bitmap(emit, item);
    case type::dev_extent: return describe_whole<btrfs::DevExtent>(emit, item.bytes);
    case type::dev_item: return describe_whole<btrfs::DevItem>(emit, item.bytes);
    case type::chunk_item: return describe_chunk(emit, item);
    case type::raid_stripe: return describe_list<btrfs::RaidStride>(emit, "strides", item.bytes);
    case type::remap:
    case type::remap_backref: return describe_whole<btrfs::RemapItem>(emit, item.bytes);
    case type::qgroup_status: return describe_qgroup_status(emit, item);
    case type::qgroup_info: return describe_whole<btrfs::QgroupInfoItem>(emit, item.bytes);
    case type::qgroup_limit: return describe_whole<btrfs::QgroupLimitItem>(emit, item.bytes);
    case type::dev_replace: return describe_whole<btrfs::DevReplaceItem>(emit, item.bytes);
    case type::temporary_item: return describe_temporary(emit, item);
    case type::persistent_item:
        if (item.key.objectid == btrfs::dev_stats_objectid) {
            return describe_whole<btrfs::DevStatsItem>(emit, item.bytes);
        }
        return describe_raw(emit, item);
    default: return describe_file_body(emit, item);
    }
}

/// Whether the table of item types lets a body of this type have this size.
inline bool size_is_possible(const btrfs::Key& key, std::size_t size) {
    const auto* info = btrfs::key_type_info(key);
    return info == nullptr || (size >= info->min_size && size <= info->max_size);
}

} // namespace structure

/// Needs a leaf and slot < leaf.count(). Charges the budget; see above for what the emitter is told.
template <class Emitter>
void describe_item(const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget, Emitter& emit) {
    const structure::ItemBody item{leaf.key(slot), leaf.item_data(slot), context};
    if (!budget.spend(item.bytes.size())) {
        emit.boolean("overlapping", true);
        return;
    }
    const bool is_whole = item.bytes.size() == leaf.item(slot).size;
    const bool is_sound = structure::describe_body(emit, item);
    if (!is_whole || !is_sound || !structure::size_is_possible(item.key, item.bytes.size())) {
        emit.boolean("malformed", true);
        emit.hex("raw", item.bytes);
    }
}

} // namespace btrkit
