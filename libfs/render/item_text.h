// SPDX-License-Identifier: MIT
// Tree blocks as btrfs-progs 6.19 prints them, to the byte: people diff it, paste it and parse it.
#pragma once

#include "libfs/render/body_budget.h"
#include "libfs/render/local_time.h"
#include "libfs/render/render_context.h"
#include "libfs/tree/block_view.h"

namespace btrkit {

/// Renders the blocks of one thread: it remembers what is dear to compute twice.
class TreeText {
public:
    struct Options {
        bool csum_headers = false; ///< show the stored checksum of each block
    };

    explicit TreeText(Options options) : options_(options) {}

    /// The four lines that every block begins with. address: where the block was read.
    void put_header(TextBuffer& out, const BlockView& block, Logical address, const RenderContext& context);

    /// An item of a leaf: its header line and its body. Needs slot < leaf.count(). Bodies too short for their type are
    /// shown as far as whole lines go.
    void put_item(TextBuffer& out, const BlockView& leaf, u32 slot, const RenderContext& context, BodyBudget& budget);

    /// A pointer of a node. Needs slot < node.count().
    static void put_pointer(TextBuffer& out, const BlockView& node, u32 slot);

private:
    Options options_;
    LocalTime time_;
};

} // namespace btrkit
