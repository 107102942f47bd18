// SPDX-License-Identifier: MIT
// A tree on a device in memory that is edited again and again, and what the editor has done to its blocks.
#pragma once

#include "libfs/io/memory_device.h"
#include "libfs/tree/tree_editor.h"
#include "libfs/volume/volume_writer.h"
#include "tests/support/metadata_image.h"

#include <map>
#include <optional>
#include <set>

namespace btrkit::test {

/// An edit with its body.
struct OwnEdit {
    btrfs::Key key;
    std::optional<std::vector<std::byte>> body; ///< nothing: the item is gone
};

using TreeItems = std::map<btrfs::Key, std::vector<std::byte>>;

/// Begins empty. Is the uuid tree: its items may be of any length. Throws where the editor breaks what it promises.
class EditedTreeOnDisk final : public EditSink {
public:
    EditedTreeOnDisk();

    Result<EditedTree> apply(std::span<const OwnEdit> edits);
    /// All items, each block proven for the promise of the one above; and the blocks that are reached.
    TreeItems read_all(std::set<u64>& reached) const;
    const BlockReader& reader() const { return *reader_; }

    u64 generation = 20;
    Promise root;
    std::set<u64> live; ///< blocks that are in the tree
    // What the last edit did.
    std::vector<LeafItem> told_gone;
    std::vector<LeafItem> told_new;
    u64 born = 0;
    u64 small_leaves = 0; ///< that were born, and are less than a third full
    u64 read_count = 0;

    // For the editor.
    Result<Logical> place(u64 tree, u8 level) override;
    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override;
    Result<void> replace(const TreeBlock& old, bool is_root) override;
    Result<void> remove_item(const btrfs::Key& key, Bytes body) override;
    Result<void> add_item(const btrfs::Key& key, Bytes body) override;

private:
    TreeIdentity identity() const;

    MetadataImage image_;
    std::vector<std::unique_ptr<BlockDevice>> devices_;
    MemoryDevice* device_;
    std::optional<Volume> volume_;
    std::optional<BlockReader> reader_;
    std::optional<VolumeWriter> writer_;
    std::set<u64> free_;
    std::vector<u64> released_;
};

} // namespace btrkit::test
