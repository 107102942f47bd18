// SPDX-License-Identifier: MIT
#include "libfs/render/item_text.h"

#include "libfs/render/body_text.h"
#include "libfs/render/chunk_text.h"

namespace btrkit {

namespace item_type = btrfs::item_type;

namespace {

/// Bytes of a leaf that neither items nor their headers use; negative in a damaged leaf that claims more than it has.
std::int64_t leaf_free_space(const BlockView& leaf) {
    const u32 nritems = leaf.header().nritems;
    std::int64_t used = std::int64_t{nritems} * static_cast<std::int64_t>(sizeof(btrfs::ItemHeader));
    if (const u32 count = leaf.count(); count > 0) {
        const auto& first = leaf.item(0);
        used += std::int64_t{u32{first.offset}} + u32{first.size} - u32{leaf.item(count - 1).offset};
    }
    return std::int64_t{btrfs::leaf_data_size(leaf.nodesize())} - used;
}

void put_line(TextBuffer& out, std::string_view line) {
    out.put("\t\t");
    out.put(line);
    out.put('\n');
}

void put_body(body_text::Body& body) {
    if (body.key.type == item_type::untyped && body.key.objectid == btrfs::free_space_objectid) {
        body_text::free_space_header(body);
        return;
    }
    switch (body.key.type) {
    case item_type::inode_item: body_text::inode_item(body); break;
    case item_type::inode_ref: body_text::inode_refs(body); break;
    case item_type::inode_extref: body_text::inode_extrefs(body); break;
    case item_type::dir_item:
    case item_type::dir_index:
    case item_type::xattr_item: body_text::dir_items(body); break;
    case item_type::dir_log_item:
    case item_type::dir_log_index: body_text::dir_log(body); break;
    case item_type::orphan_item: put_line(body.out, "orphan item"); break;
    case item_type::root_item: body_text::root_item(body); break;
    case item_type::root_ref: body_text::root_ref(body, "ref"); break;
    case item_type::root_backref: body_text::root_ref(body, "backref"); break;
    case item_type::extent_item:
    case item_type::metadata_item: body_text::extent_item(body); break;
    case item_type::tree_block_ref: put_line(body.out, "tree block backref"); break;
    case item_type::shared_block_ref: put_line(body.out, "shared block backref"); break;
    case item_type::extent_data_ref: body_text::extent_data_ref(body); break;
    case item_type::shared_data_ref: body_text::shared_data_ref(body); break;
    case item_type::extent_owner_ref: body_text::extent_owner_ref(body); break;
    case item_type::extent_ref_v0: put_line(body.out, "extent ref v0 (deprecated)"); break;
    case item_type::csum_item: put_line(body.out, "csum item"); break;
    case item_type::extent_csum: body_text::extent_csum(body); break;
    case item_type::extent_data: body_text::file_extent(body); break;
    case item_type::block_group_item: body_text::block_group_item(body); break;
    case item_type::free_space_info: body_text::free_space_info(body); break;
    case item_type::free_space_extent: put_line(body.out, "free space extent"); break;
    case item_type::free_space_bitmap: put_line(body.out, "free space bitmap"); break;
    case item_type::chunk_item: put_chunk_item(body.out, body.bytes); return;
    case item_type::dev_item: body_text::dev_item(body); break;
    case item_type::dev_extent: body_text::dev_extent(body); break;
    case item_type::raid_stripe: body_text::raid_stripe(body); break;
    case item_type::remap:
    case item_type::remap_backref: body_text::remap(body); break;
    case item_type::qgroup_status: body_text::qgroup_status(body); break;
    case item_type::qgroup_info: body_text::qgroup_info(body); break;
    case item_type::qgroup_limit: body_text::qgroup_limit(body); break;
    case item_type::uuid_key_subvol:
    case item_type::uuid_key_received_subvol: body_text::uuid_item(body); break;
    case item_type::string_item: body_text::string_item(body); break;
    case item_type::persistent_item: body_text::persistent_item(body); break;
    case item_type::temporary_item: body_text::temporary_item(body); break;
    case item_type::dev_replace: body_text::dev_replace(body); break;
    default: break;
    }
}

} // namespace

void TreeText::put_header(TextBuffer& out, const BlockView& block, Logical address, const RenderContext& context) {
    time_.forget();
    const auto& header = block.header();
    const std::string_view kind = block.is_leaf() ? "leaf " : "node ";
    const u32 nritems = header.nritems;
    out.put(kind);
    if (block.is_leaf()) {
        out.dec(u64{header.bytenr});
    } else {
        out.dec(address.bytenr);
        out.put(" level ");
        out.dec(header.level);
    }
    out.put(" items ");
    out.dec(nritems);
    out.put(" free space ");
    out.dec(block.is_leaf() ? leaf_free_space(block) : std::int64_t{block.capacity() - nritems});
    out.put(" generation ");
    out.dec(u64{header.generation});
    out.put(" owner ");
    put_objectid(out, header.owner);
    out.put('\n');
    out.put(kind);
    out.dec(u64{header.bytenr});
    out.put(" flags 0x");
    const u64 flags = header.flags & btrfs::header_flags_mask;
    out.hex(flags);
    out.put('(');
    put_flags(out, flags & btrfs::known_flags(btrfs::header_flag_names), btrfs::header_flag_names);
    out.put(") backref revision ");
    out.dec(u64{header.flags} >> btrfs::header_backref_revision_shift);
    if (options_.csum_headers) {
        out.put(" csum 0x");
        out.hex_bytes(std::as_bytes(std::span(header.csum)).first(context.geometry.csum_size_bytes));
    }
    out.put("\nfs uuid ");
    put_uuid(out, header.fsid);
    out.put("\nchunk uuid ");
    put_uuid(out, header.chunk_tree_uuid);
    out.put('\n');
}

void TreeText::put_item(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context,
                        BodyBudget& budget) {
    const auto& item = leaf.item(slot);
    const auto key = item.key.to_key();
    out.put("\titem ");
    out.dec(slot);
    out.put(" key ");
    put_key(out, key);
    out.put(" itemoff ");
    out.dec(u32{item.offset});
    out.put(" itemsize ");
    out.dec(u32{item.size});
    out.put('\n');
    const Bytes bytes = leaf.item_data(slot);
    if (!budget.spend(bytes.size())) {
        put_line(out, "item data overlaps that of other items");
        return;
    }
    body_text::Body body{.out = out, .context = context, .time = time_, .key = key, .bytes = bytes};
    put_body(body);
}

void TreeText::put_pointer(TextBuffer& out, const BlockView& node, u32 slot) {
    const auto& pointer = node.pointer(slot);
    out.put("\tkey ");
    put_key(out, pointer.key.to_key());
    out.put(" block ");
    out.dec(u64{pointer.blockptr});
    out.put(" gen ");
    out.dec(u64{pointer.generation});
    out.put('\n');
}

} // namespace btrkit
