// SPDX-License-Identifier: MIT
// Any bytes as a tree block: proven, its items checked, and shown in all formats whether it was proven or not.
// The first byte chooses the size of blocks, the second the tree; the rest is the block. Checksum, fsid and address
// are made right, since nearly every input would end there.
#include "formats/btrfs/objectids.h"
#include "libfs/render/item_json.h"
#include "libfs/render/item_lines.h"
#include "libfs/render/item_text.h"
#include "libfs/tree/item_check.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

constexpr Logical address{u64{1} << 30};

constexpr std::array trees = std::to_array<u64>(
    {btrfs::fs_tree_id, btrfs::root_tree_id, btrfs::extent_tree_id, btrfs::chunk_tree_id, btrfs::dev_tree_id,
     btrfs::csum_tree_id, btrfs::quota_tree_id, btrfs::uuid_tree_id, btrfs::free_space_tree_id,
     btrfs::block_group_tree_id, btrfs::raid_stripe_tree_id, btrfs::remap_tree_id, btrfs::tree_log_id,
     btrfs::tree_reloc_id, btrfs::data_reloc_tree_id, btrfs::first_free_objectid});

Geometry make_geometry(u8 choice) {
    Geometry geometry;
    geometry.nodesize = (choice & 1) != 0 ? 16384 : 4096;
    geometry.sectorsize = 4096;
    geometry.csum_type = btrfs::CsumType::crc32c;
    geometry.csum_size_bytes = 4;
    geometry.generation = 100;
    geometry.incompat_flags = (choice & 2) != 0 ? 0 : btrfs::known_flags(btrfs::incompat_flag_names);
    geometry.compat_ro_flags = btrfs::known_flags(btrfs::compat_ro_flag_names);
    return geometry;
}

std::vector<std::byte> make_block(Bytes content, const Geometry& geometry) {
    std::vector<std::byte> block(geometry.nodesize);
    std::ranges::copy(clipped(content, 0, block.size()), block.begin());
    auto* header = reinterpret_cast<btrfs::TreeBlockHeader*>(block.data());
    header->fsid = geometry.tree_fsid;
    header->bytenr = address.bytenr;
    fuzz::set_checksum(block);
    return block;
}

void show_leaf(const BlockView& leaf, const RenderContext& context, TreeText& tree_text) {
    TextBuffer text;
    TextBuffer structured;
    BodyBudget text_budget(leaf.nodesize());
    BodyBudget json_budget(leaf.nodesize());
    BodyBudget line_budget(leaf.nodesize());
    tree_text.put_header(text, leaf, address, context);
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        tree_text.put_item(text, leaf, slot, context, text_budget);
        put_item_json(structured, leaf, slot, context, json_budget);
        put_item_line(structured, leaf, slot, context, line_budget);
    }
    // The promise of item_json.h, for both structured formats, and one as generous for text.
    constexpr std::size_t most_bytes_per_byte = 600;
    if (std::max(structured.size(), text.size()) > most_bytes_per_byte * leaf.nodesize()) {
        std::abort();
    }
}

void show_node(const BlockView& node, const RenderContext& context, TreeText& tree_text) {
    TextBuffer out;
    put_node_json(out, node, context);
    tree_text.put_header(out, node, address, context);
    for (u32 slot = 0; slot < node.count(); ++slot) {
        TreeText::put_pointer(out, node, slot);
    }
}

void show(const BlockView& block, const Geometry& geometry, u64 tree) {
    for (const bool all : {false, true}) {
        const RenderContext context{.geometry = geometry, .hide_names = !all, .csum_items = all, .tree = tree};
        TreeText tree_text({.csum_headers = all});
        block.is_leaf() ? show_leaf(block, context, tree_text) : show_node(block, context, tree_text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    constexpr std::size_t head_size = 2;
    if (size < head_size) {
        return 0;
    }
    const Geometry geometry = make_geometry(data[0]);
    const u64 tree = trees[data[1] % trees.size()];
    const auto bytes = make_block(std::as_bytes(std::span(data, size)).subspan(head_size), geometry);

    Problems problems;
    const Promise promise{.address = address, .tree = tree};
    if (const auto block = TreeBlock::prove(bytes, geometry, promise, problems); block && block->is_leaf()) {
        check_items(*block, geometry, tree, problems);
    }
    for (const auto& problem : problems) {
        static_cast<void>(describe(problem));
    }
    show(BlockView(bytes), geometry, tree);
    return 0;
}
