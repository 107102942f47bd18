// SPDX-License-Identifier: MIT
#include "tests/support/edited_tree.h"

#include "libfs/tree/seal_block.h"

#include <stdexcept>

namespace btrkit::test {

namespace {

void require(bool condition, const char* what) {
    if (!condition) {
        throw std::logic_error(what);
    }
}

} // namespace

EditedTreeOnDisk::EditedTreeOnDisk()
    : devices_(image_.all_devices()), device_(dynamic_cast<MemoryDevice*>(devices_.front().get())) {
    volume_.emplace(image_.open(std::move(devices_)));
    reader_.emplace(*volume_);
    writer_.emplace(WritableDevices{{1, device_}}, volume_->chunks());
    const auto& chunk = image_.chunks().back();
    for (u64 at = chunk.start.bytenr; at < chunk.start.bytenr + chunk.length; at += reader_->nodesize()) {
        free_.insert(at);
    }
    TreeBuilder builder(reader_->geometry(), identity(), *this);
    const auto built = builder.finish();
    require(built.has_value(), "an empty tree can't be built");
    root = {.address = built->root, .generation = generation, .level = built->level, .tree = btrfs::uuid_tree_id};
}

TreeIdentity EditedTreeOnDisk::identity() const {
    return {.tree = btrfs::uuid_tree_id, .generation = generation, .chunk_tree_uuid = {}};
}

Result<EditedTree> EditedTreeOnDisk::apply(std::span<const OwnEdit> own_edits) {
    std::vector<ItemEdit> edits;
    for (const auto& edit : own_edits) {
        edits.push_back({.key = edit.key, .body = edit.body ? std::optional<Bytes>(*edit.body) : std::nullopt});
    }
    ++generation;
    born = small_leaves = 0;
    told_gone.clear();
    told_new.clear();
    BlockCache cache(*reader_, 1 << 20);
    auto edited = edit_tree(cache, root, identity(), edits, *this);
    read_count = cache.read_count();
    if (edited) {
        root = edited->root;
        free_.insert(released_.begin(), released_.end());
    }
    released_.clear();
    return edited;
}

TreeItems EditedTreeOnDisk::read_all(std::set<u64>& reached) const {
    TreeItems items;
    TreeWalk walk(*reader_, root, WalkOrder::depth_first);
    while (const auto promise = walk.next()) {
        const OwnedBlock owned(*reader_, *promise);
        require(owned.is_proven(), "a block is not what its parent promises");
        reached.insert(promise->address.bytenr);
        for (u32 slot = 0; owned.block().is_leaf() && slot < owned.block().count(); ++slot) {
            const auto data = owned.block().item_data(slot);
            items[owned.block().key(slot)] = {data.begin(), data.end()};
        }
    }
    return items;
}

Result<Logical> EditedTreeOnDisk::place(u64, u8) {
    require(!free_.empty(), "the tree does not fit the chunk");
    return Logical{free_.extract(free_.begin()).value()};
}

Result<void> EditedTreeOnDisk::take(const BuiltBlock& block, MutableBytes bytes) {
    ++born;
    live.insert(block.address.bytenr);
    const BlockView view(bytes);
    if (view.is_leaf() && view.count() > 0) {
        u32 used = 0;
        for (u32 slot = 0; slot < view.count(); ++slot) {
            used += u32{sizeof(btrfs::ItemHeader)} + view.item(slot).size;
        }
        small_leaves += used < btrfs::leaf_data_size(reader_->nodesize()) / 3 ? 1 : 0;
    }
    BTRKIT_TRY(seal_block(block, bytes, reader_->geometry()));
    return writer_->write(block.address, bytes);
}

Result<void> EditedTreeOnDisk::replace(const TreeBlock& old, bool is_root) {
    require(is_root == (u64{old.header().bytenr} == root.address.bytenr), "another block is told to be the root");
    require(live.erase(old.header().bytenr) == 1, "a block is replaced that is not in the tree");
    released_.push_back(old.header().bytenr);
    return {};
}

Result<void> EditedTreeOnDisk::remove_item(const btrfs::Key& key, Bytes body) {
    told_gone.push_back({key, {body.begin(), body.end()}});
    return {};
}

Result<void> EditedTreeOnDisk::add_item(const btrfs::Key& key, Bytes body) {
    told_new.push_back({key, {body.begin(), body.end()}});
    return {};
}

} // namespace btrkit::test
