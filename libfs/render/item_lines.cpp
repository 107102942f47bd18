// SPDX-License-Identifier: MIT
#include "libfs/render/item_lines.h"

#include "libfs/render/item_structure.h"
#include "libfs/render/line_emitter.h"

namespace btrkit {

void put_item_line(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget) {
    const btrfs::Key key = leaf.key(slot);
    put_objectid(out, context.tree);
    out.put(' ');
    put_objectid(out, key.objectid, key.type);
    out.put(' ');
    put_item_type(out, key.objectid, key.type);
    out.put(' ');
    put_key_offset(out, key);
    out.put(' ');
    LineEmitter line(out);
    describe_item(leaf, slot, context, budget, line);
    line.end_line();
}

} // namespace btrkit
