// SPDX-License-Identifier: MIT
#include "libfs/relocate/lay_out.h"

#include "libfs/relocate/data_copy.h"
#include "libfs/relocate/laid_blocks.h"
#include "libfs/relocate/rewrite_subvolumes.h"
#include "libfs/txn/settle.h"

namespace btrkit {

Result<u64> lay_out(Transaction& transaction, const ExtentLayout& layout, const BlockOrder& blocks,
                    const RunContext& context) {
    auto& workspace = transaction.workspace();
    BTRKIT_TRY(copy_data(transaction, layout.moves(), context));
    context.progress.begin_phase("rewriting metadata", 0, ProgressUnit::items);
    workspace.kept_data = layout.kept();
    LaidBlocks laid(workspace, layout, blocks.leaving);
    GraphRewriter rewriter(workspace, transaction.committed(), laid);
    BTRKIT_TRY(rewrite_subvolumes(blocks.subvolumes, rewriter, context));
    BTRKIT_TRY(settle(workspace));
    return rewriter.written_count();
}

} // namespace btrkit
