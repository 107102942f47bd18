// SPDX-License-Identifier: MIT
// --format json of tree dumps: one JSON object a line, for each item of a leaf and each pointer of a node.
// The schema, with examples, is docs/json-schema-dump-tree.md.
#pragma once

#include "libfs/base/text_buffer.h"
#include "libfs/render/body_budget.h"
#include "libfs/render/render_context.h"
#include "libfs/tree/block_view.h"

namespace btrkit {

/// One line for the item in that slot: where it is, its key, and as "item" what describe_item() says of its body.
/// Needs a leaf and slot < leaf.count(); budget is the leaf's, items come in slot order. At most about 300 bytes of
/// output for each byte of a leaf, whatever the leaf holds.
void put_item_json(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget);

/// One line for each pointer of a node.
void put_node_json(TextBuffer& out, const BlockView& node, const RenderContext& context);

} // namespace btrkit
