// SPDX-License-Identifier: MIT
#include "libfs/tree/item_check.h"

#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

/// Which kernels look at the size of an item.
KernelTrait who_checks_size(u8 type) {
    namespace types = btrfs::item_type;
    switch (type) {
    case types::free_space_info:
    case types::free_space_extent:
    case types::free_space_bitmap: return KernelTrait::checks_free_space_items;
    case types::root_ref:
    case types::root_backref: return KernelTrait::checks_root_refs;
    // The tree-checker leaves these alone; who needs one of them looks then, or passes it over.
    case types::orphan_item:
    case types::dir_log_item:
    case types::dir_log_index:
    case types::dev_replace:
    case types::persistent_item:
    case types::temporary_item:
    case types::uuid_key_subvol:
    case types::uuid_key_received_subvol: return KernelTrait::no_kernel;
    default: return KernelTrait::every_kernel;
    }
}

bool has_possible_size(const ItemCheck& item, const btrfs::ItemTypeInfo& type) {
    const std::size_t size = item.data().size();
    if (size >= type.min_size && size <= type.max_size) {
        return true;
    }
    const auto checked_by = who_checks_size(item.key().type);
    if (type.min_size == type.max_size) {
        item.report_for(checked_by, ProblemCode::item_size, "{} has {} bytes instead of {}", type.name, size,
                        type.min_size);
    } else if (size < type.min_size) {
        item.report_for(checked_by, ProblemCode::item_size, "{} has {} bytes, but needs {}", type.name, size,
                        type.min_size);
    } else {
        item.report_for(checked_by, ProblemCode::item_size, "{} has {} bytes, more than the {} it can have", type.name,
                        size, type.max_size);
    }
    return false;
}

void check_body(const ItemCheck& item) {
    namespace type = btrfs::item_type;
    switch (item.key().type) {
    case type::inode_item: return check_inode(item);
    case type::inode_ref: return check_inode_refs(item);
    case type::inode_extref: return check_inode_extrefs(item);
    case type::xattr_item:
    case type::dir_item:
    case type::dir_index: return check_dir_entries(item);
    case type::extent_data: return check_file_extent(item);
    case type::extent_csum: return check_csums(item);
    case type::root_item: return check_root(item);
    case type::root_ref:
    case type::root_backref: return check_root_ref(item);
    case type::uuid_key_subvol:
    case type::uuid_key_received_subvol: return check_uuid_subvolumes(item);
    case type::extent_item:
    case type::metadata_item: return check_extent(item);
    case type::tree_block_ref:
    case type::shared_block_ref: return check_block_ref(item);
    case type::shared_data_ref: return check_shared_data_ref(item);
    case type::extent_data_ref: return check_extent_data_refs(item);
    case type::block_group_item: return check_block_group(item);
    case type::free_space_info: return check_free_space_info(item);
    case type::free_space_extent:
    case type::free_space_bitmap: return check_free_space_range(item);
    case type::chunk_item: return check_chunk_item(item);
    case type::dev_item: return check_device(item);
    case type::dev_extent: return check_dev_extent(item);
    case type::raid_stripe: return check_raid_stripe(item);
    default: return; // of these the kernel checks nothing, and so do we but their size
    }
}

} // namespace

void check_items(const TreeBlock& block, const Geometry& geometry, u64 tree, Problems& problems) {
    if (const u64 flags = block.header().flags; (flags & btrfs::header_flag_written) == 0) {
        problems.push_back({.code = ProblemCode::block_not_written,
                            .place = {.logical = Logical{block.header().bytenr}, .tree = tree},
                            .detail = fmt::format("flags {:#x}", flags),
                            .refused_by = KernelTrait::checks_written_flag});
        return;
    }
    if (!block.is_leaf()) {
        return;
    }
    ItemCheck item(block, geometry, tree, problems);
    for (u32 slot = 0; slot < block.count(); ++slot) {
        item.move_to(slot);
        const auto* type = btrfs::key_type_info(item.key());
        if (type == nullptr) {
            item.report(ProblemCode::item_unknown_type, "type {}, {} bytes", item.key().type, item.data().size());
        } else if (has_possible_size(item, *type)) {
            check_body(item);
        }
    }
}

} // namespace btrkit
