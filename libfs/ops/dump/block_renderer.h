// SPDX-License-Identifier: MIT
// One block in the form that was asked for.
#pragma once

#include "libfs/ops/dump/dump_tree.h"
#include "libfs/render/item_text.h"

namespace btrkit::dump_tree {

/// What was rendered.
struct Counts {
    u64 blocks = 0;
    u64 items = 0;
};

/// The lines before everything else.
std::string opening(const Options& options);

class BlockRenderer {
public:
    BlockRenderer(const Options& options, const RenderContext& context, TreeText& tree_text)
        : options_(options), context_(context), tree_text_(tree_text) {}

    /// address: where the block was read. A block without items in the key range leaves no trace.
    void put(TextBuffer& out, const BlockView& block, Logical address, Counts& counts) const;

private:
    void put_leaf(TextBuffer& out, const BlockView& leaf, Logical address, Counts& counts) const;
    void put_node(TextBuffer& out, const BlockView& node, Logical address) const;

    const Options& options_;
    const RenderContext& context_;
    TreeText& tree_text_;
};

} // namespace btrkit::dump_tree
