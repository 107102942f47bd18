// SPDX-License-Identifier: MIT
// --format lines of tree dumps: one line of text an item, to grep and to diff:
//     FS_TREE 257 INODE_ITEM 0 generation=9 transid=9 size=12 ... mode=0100644 ...
// Tree, key, and the fields of the item in the order of the JSON format. No addresses of blocks and no slots, so that
// the dumps of two filesystems differ only where their contents do. docs/json-schema-dump-tree.md has the details.
#pragma once

#include "libfs/base/text_buffer.h"
#include "libfs/render/body_budget.h"
#include "libfs/render/render_context.h"
#include "libfs/tree/block_view.h"

namespace btrkit {

/// Needs a leaf and slot < leaf.count(); budget is the leaf's, items come in slot order.
void put_item_line(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget);

/// Nodes have no lines: where the tree branches says nothing about its contents.
inline void put_node_lines(TextBuffer&, const BlockView&, const RenderContext&) {}

} // namespace btrkit
