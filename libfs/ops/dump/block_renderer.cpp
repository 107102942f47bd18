// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/block_renderer.h"

#include "libfs/render/item_json.h"
#include "libfs/render/item_lines.h"

namespace btrkit::dump_tree {

std::string opening(const Options& options) {
    return options.format == Format::lines ? std::string() : options.first_line + "\n";
}

void BlockRenderer::put(TextBuffer& out, const BlockView& block, Logical address, Counts& counts) const {
    ++counts.blocks;
    if (block.is_leaf()) {
        put_leaf(out, block, address, counts);
    } else {
        put_node(out, block, address);
    }
}

void BlockRenderer::put_leaf(TextBuffer& out, const BlockView& leaf, Logical address, Counts& counts) const {
    const auto begin = out.size();
    if (options_.format == Format::text) {
        tree_text_.put_header(out, leaf, address, context_);
    }
    BodyBudget budget(leaf.nodesize());
    u64 shown = 0;
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        if (!options_.keys.contains(leaf.key(slot))) {
            continue;
        }
        ++shown;
        switch (options_.format) {
        case Format::text: tree_text_.put_item(out, leaf, slot, context_, budget); break;
        case Format::json: put_item_json(out, leaf, slot, context_, budget); break;
        case Format::lines: put_item_line(out, leaf, slot, context_, budget); break;
        }
    }
    counts.items += shown;
    if (shown == 0 && !options_.keys.is_everything()) {
        out.truncate(begin);
    }
}

void BlockRenderer::put_node(TextBuffer& out, const BlockView& node, Logical address) const {
    switch (options_.format) {
    case Format::text:
        tree_text_.put_header(out, node, address, context_);
        for (u32 slot = 0; slot < node.count(); ++slot) {
            TreeText::put_pointer(out, node, slot);
        }
        break;
    case Format::json: put_node_json(out, node, context_); break;
    case Format::lines: put_node_lines(out, node, context_); break;
    }
}

} // namespace btrkit::dump_tree
