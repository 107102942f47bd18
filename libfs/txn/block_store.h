// SPDX-License-Identifier: MIT
// Where the new blocks of one tree go, and what the accounts learn of it.
#pragma once

#include "libfs/txn/sealed_writes.h"
#include "libfs/txn/share_rules.h"

#include <array>

namespace btrkit {

/// For one merge of one tree, or for building one. Where blocks go is decided in their order; they are sealed and
/// written to the overlays on all cores, and until finish() nobody may read them. The place of a block that this run
/// made and makes anew is used again: so the accounts come to rest.
class BlockStore final : public EditSink {
public:
    BlockStore(Workspace& workspace, u64 tree);

    Result<Logical> place(u64 tree, u8 level) override;
    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override;
    Result<void> replace(const TreeBlock& old, bool is_root) override;
    Result<void> remove_item(const btrfs::Key& key, Bytes body) override;
    Result<void> add_item(const btrfs::Key& key, Bytes body) override;

    /// Behind the last block: waits until all are written, and gives back the places that were not used again. Fails
    /// with the first that could not be sealed or written; nothing that was made is of use then.
    Result<void> finish();

private:
    ExtentRef own_ref() const;

    Workspace* workspace_;
    ShareRules rules_;
    u64 tree_;
    std::array<std::vector<u64>, btrfs::max_level_count> reusable_; ///< by level, the next one last
    bool is_new_place_ = false;
    SealedWrites writes_;
};

/// Merges what waits in the tree's buffer. Does nothing where nothing waits.
Result<void> merge_buffer(Workspace& workspace, OpenTree& tree);

} // namespace btrkit
