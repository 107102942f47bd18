// SPDX-License-Identifier: MIT
#include "libfs/render/item_json.h"

#include "libfs/render/item_structure.h"
#include "libfs/render/json_emitter.h"

namespace btrkit {

namespace {

/// What all lines begin with; block is the name of the block's address.
void put_place(JsonEmitter& json, std::string_view block, const BlockView& view, u32 slot,
               const RenderContext& context) {
    json.tree("tree", context.tree);
    json.number(block, u64{view.header().bytenr});
    if (!view.is_leaf()) {
        json.number("level", view.header().level);
    }
    json.number("generation", u64{view.header().generation});
    json.number("slot", slot);
    json.key("key", view.key(slot));
}

} // namespace

void put_item_json(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget) {
    JsonEmitter json(out);
    json.begin_object();
    put_place(json, "leaf", leaf, slot, context);
    json.number("size", u32{leaf.item(slot).size});
    json.begin_object("item");
    describe_item(leaf, slot, context, budget, json);
    json.end_object();
    json.end_object();
    json.end_line();
}

void put_node_json(TextBuffer& out, const BlockView& node, const RenderContext& context) {
    JsonEmitter json(out);
    const u32 count = node.count();
    for (u32 slot = 0; slot < count; ++slot) {
        const auto& pointer = node.pointer(slot);
        json.begin_object();
        put_place(json, "node", node, slot, context);
        json.begin_object("pointer");
        json.number("blockptr", u64{pointer.blockptr});
        json.number("generation", u64{pointer.generation});
        json.end_object();
        json.end_object();
        json.end_line();
    }
}

} // namespace btrkit
