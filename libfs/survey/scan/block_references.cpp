// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/block_references.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"

namespace btrkit::survey {

namespace {

using RefKind = Reference::Kind;

} // namespace

void hold_root(ReferenceSink& sink, const TreeRoot& root, u32 nodesize) {
    const u64 bytenr = root.block.address.bytenr;
    // The roots of relocation trees are known by their own addresses.
    const bool is_reloc = root.id == btrfs::tree_reloc_id;
    sink.hold({.kind = is_reloc ? RefKind::shared_block : RefKind::tree_block,
               .bytenr = bytenr,
               .length_bytes = nodesize,
               .owner = is_reloc ? bytenr : root.id},
              nullptr, 0);
}

void hold_block(ReferenceSink& sink, const ReferenceHolder& holder) {
    const auto& header = holder.block.header();
    sink.hold({.kind = RefKind::block,
               .bytenr = holder.address.bytenr,
               .length_bytes = holder.block.nodesize(),
               .inode = header.generation,
               .offset = header.level},
              &holder, 0);
}

void hold_children(ReferenceSink& sink, const ReferenceHolder& holder, const std::optional<btrfs::Key>& drop_key,
                   const std::optional<btrfs::Key>& end) {
    const BlockView& node = holder.block;
    const u32 count = node.count();
    for (u32 slot = 0; slot < count; ++slot) {
        if (drop_key) {
            const auto child_end = slot + 1 < count ? std::optional(node.key(slot + 1)) : end;
            if (child_end && *child_end <= *drop_key) {
                continue;
            }
        }
        sink.hold({.kind = holder.is_full_backref ? RefKind::shared_block : RefKind::tree_block,
                   .bytenr = node.pointer(slot).blockptr,
                   .length_bytes = node.nodesize(),
                   .owner = holder.is_full_backref ? holder.address.bytenr : u64{node.header().owner}},
                  &holder, slot);
    }
}

std::optional<Reference> data_reference(const ReferenceHolder& holder, u32 slot) {
    const auto extent = stored_extent(holder.block.item_data(slot));
    if (!extent) {
        return std::nullopt;
    }
    Reference reference{.kind = holder.is_full_backref ? RefKind::shared_data : RefKind::data,
                        .bytenr = extent->range.disk_bytenr,
                        .length_bytes = extent->range.disk_num_bytes,
                        .owner = holder.address.bytenr};
    if (!holder.is_full_backref) {
        const auto key = holder.block.key(slot);
        reference.owner = holder.block.header().owner;
        reference.inode = key.objectid;
        reference.offset = key.offset - extent->range.offset;
    }
    return reference;
}

void hold_data(ReferenceSink& sink, const ReferenceHolder& holder) {
    const BlockView& leaf = holder.block;
    for (u32 slot = 0, count = leaf.count(); slot < count; ++slot) {
        if (leaf.item(slot).key.type == btrfs::item_type::extent_data) {
            if (const auto reference = data_reference(holder, slot)) {
                sink.hold(*reference, &holder, slot);
            }
        }
    }
}

} // namespace btrkit::survey
