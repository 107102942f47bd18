// SPDX-License-Identifier: MIT
// A change of a filesystem that is made beside it and then takes its place, as a whole.
//
//  1. begin(): refuse what must not be changed; lay overlays over the devices, so that whatever is written stays above
//     them until the commit.
//  2. The verb says which items change (tree()), which trees are born, copied or dropped.
//  3. propose(): bring references and space into the trees (settle.h), make parity right, make the superblocks.
//  4. Whoever commits proves the proposal, brings the overlays down and writes the superblocks (ops/commit). Dropped
//     before that, nothing has happened.
//
// New blocks and data lie in space that is free in the committed filesystem. So the old superblocks lead to the whole
// old filesystem until the new ones stand, and after that for as long as nobody writes.
#pragma once

#include "libfs/txn/may_be_written.h"
#include "libfs/txn/workspace.h"

#include <functional>
#include <map>

namespace btrkit {

struct TransactionOptions {
    /// What overlays keep in memory, all devices together, and where the rest goes.
    OverlayDevice::Room room = {};
    std::size_t cache_bytes = std::size_t{64} << 20;
    /// What changes that are not in any tree yet may take in memory, more or less; then they are brought into the
    /// trees.
    std::size_t waiting_bytes = std::size_t{64} << 20;
    Parallelism parallelism = {};
    WriteExceptions exceptions = {};        ///< with may_be_seed, others that stand on it are lost
    BadItems bad_items = BadItems::refused; ///< of blocks that change: whoever keeps them proves that they were there
    /// The filesystem's devices, where data of files is to be written to them at once: into space that the committed
    /// filesystem has free, so that it stands as it was whatever becomes of the transaction. Null: like all else, data
    /// stays above the devices until the commit.
    const WritableDevices* data_devices = nullptr;
};

/// The filesystem after the commit, still above the devices.
struct Proposal {
    std::map<u64, const OverlayDevice*> overlays; ///< by devid; all that is new but the superblocks
    std::vector<btrfs::Superblock> supers;        ///< of each device, for SuperblockWriter
    RangeSet born_blocks;                         ///< logical: tree blocks that were not there before
};

class Transaction {
public:
    /// The filesystem, and so its devices, must outlive it and not change meanwhile. Fails as may_be_written().
    static Result<Transaction> begin(const Filesystem& committed, const TransactionOptions& options);

    u64 generation() const { return workspace_->generation(); }
    const Geometry& geometry() const { return workspace_->geometry; }
    const Filesystem& committed() const { return *committed_; }
    /// Those of the filesystem as it will be.
    const ChunkMap& chunks() const { return workspace_->filesystem.volume().chunks(); }

    /// The tree of that id, to be read and changed. It stays valid. Fails with not_found, and with damaged.
    Result<TreeBuffer*> tree(u64 id);
    /// The same of a tree that not every filesystem has: null where there is none.
    Result<TreeBuffer*> tree_if_any(u64 id);

    /// Makes a tree of these items. Its root item, under that key, is put with it; where the tree begins is filled in.
    Result<void> create_tree(const btrfs::Key& root_key, btrfs::RootItem root_item, std::span<const ItemEdit> items);
    /// Merges what waits for the source, and makes a tree that shares all its blocks but the root. The root item is put
    /// with it; where the tree begins, its level and size are filled in. The source's root item has its last snapshot
    /// set. From then on both are changed as if they had never been one.
    Result<void> snapshot_tree(u64 source, const btrfs::Key& root_key, btrfs::RootItem root_item);
    /// Gives back all that only this tree has, and takes its root item out. Nothing may wait for it, and what names it
    /// elsewhere is the caller's matter. Where others have begun to delete it (its root item says how far they got),
    /// what is left of it.
    Result<void> drop_tree(u64 id);
    /// The same, unless it is not there.
    Result<void> drop_tree_if_any(u64 id);

    /// Space for data of files, as SpaceLedger::take_data() gives it. It is to become an extent, by bear_data().
    Result<Range> take_data(u64 bytes, bool in_one_piece) { return workspace_->space.take_data(bytes, in_one_piece); }
    /// Writes to space that was taken, whole sectors: above the devices, or to them (TransactionOptions). Where tree
    /// blocks may have stood before in this run, or parity must follow, it is always above. What goes to the devices is
    /// on its way when this returns; where an earlier write has failed, this fails.
    Result<void> write_data(Logical at, Bytes bytes);
    /// All data is where it was written to: before it is read.
    Result<void> finish_data();
    /// What was taken is an extent from now on, of the space of that tree. Where nothing refers to it when changes are
    /// merged (relieve(), propose()), it is given back.
    void bear_data(u64 tree, Range extent);
    /// Data that stands there already, and that no tree records yet, is an extent from now on: what a log has, whose
    /// space is not given out. Fails with damaged where those bytes are not free.
    Result<void> adopt_data(u64 tree, Range extent);
    /// For reading data: the committed trees, but what is read at any address is what this run has written there
    /// (finish_data()).
    const Filesystem& with_data() const { return workspace_->filesystem; }

    /// To be called now and then by whoever changes many items of trees that stay open: where the changes that wait
    /// have outgrown their room they are merged. Nothing read before points to anything after that.
    Result<void> relieve();
    /// Whether relieve() would merge them now: for who has something to bring into order before.
    bool wants_relief() const { return waiting_bytes() > workspace_->room.waiting_bytes; }
    /// What waits now, about what it takes in memory.
    std::size_t waiting_bytes() const { return workspace_->waiting_bytes(); }

    /// Whether simple quotas are on; what they count is kept by itself.
    bool keeps_simple_quotas() const { return workspace_->quotas.are_kept(); }

    /// The numbers of full quotas are made right by the caller: they are not marked as inconsistent.
    void keep_full_quotas() { workspace_->keeps_full_quotas = true; }

    /// Sets the label that the superblocks will have; it must fit.
    void set_label(std::string_view label);
    /// Adds incompatible features that what was written needs.
    void add_incompat(u64 flags) { incompat_flags_ |= flags; }
    /// The same for features without which it can be read but not written.
    void add_compat_ro(u64 flags) { workspace_->geometry.compat_ro_flags |= flags; }
    /// Whether it will have all of these incompatible features.
    bool has_incompat(u64 flags) const { return ((geometry().incompat_flags | incompat_flags_) & flags) == flags; }

    /// Whether the superblocks will call it a seed, which kernels only read and others can stand on.
    void set_seeding(bool is_seed) { is_seed_ = is_seed; }
    bool is_seed() const { return is_seed_.value_or((committed_->super().flags & btrfs::super_flag_seeding) != 0); }
    /// The ids that the filesystem and its devices will have. Fails as rename_devices().
    Result<void> set_identity(NewIdentity identity);

    /// Before anything else is changed: what trees record of space (block groups, their used bytes, the free space
    /// tree, bytes_used of the superblock) is made anew from what the extent tree has, whatever it was. For repair:
    /// else the transaction fails where these contradict each other. Items in the way, under keys that no group has,
    /// are the caller's matter. Fails with damaged where extents overlap or leave their group.
    Result<void> renew_space();
    /// What the checksum tree has of these bytes goes with the change. For repair, where no extent holds them.
    void drop_csums(Range bytes) { workspace_->freed_data.insert(bytes); }
    /// Adds all that a tree is to have, in key order.
    using FillTree = std::function<Result<void>(ItemSink& items)>;
    /// The same where the extent tree says nothing that can be believed: trees are begun anew, that one among them.
    /// Fails as the filling of a tree does.
    struct NewSpace {
        std::vector<GroupExtents> groups; ///< what extents have of every group, blocks that go included
        RangeSet gone;                    ///< those: of the trees that are begun anew
        /// The trees, by id. Block groups, free space and what this run makes come by themselves.
        std::map<u64, FillTree> trees;
    };
    Result<void> renew_space(const NewSpace& space);
    /// What the superblock of each device is changed to before all else that the commit puts there. For repair.
    using SuperblockEdit = std::function<Result<void>(btrfs::Superblock& super)>;
    void edit_superblocks(SuperblockEdit edit) { superblock_edits_.push_back(std::move(edit)); }

    /// For libfs/relocate/ alone, which changes where things are and not what they are.
    Workspace& workspace() { return *workspace_; }

    /// Nothing may be changed after this.
    Result<Proposal> propose();

private:
    Transaction(const Filesystem& committed, std::unique_ptr<Workspace> workspace)
        : committed_(&committed), workspace_(std::move(workspace)) {}

    Result<void> put_space(std::span<const GroupExtents> groups);
    Result<void> put_root_item(const btrfs::Key& key, btrfs::RootItem item, const OpenTree& tree);
    Result<void> touch_root_tree();
    Result<void> touch_quotas();
    Result<void> remove_quota_groups();
    Result<void> make_parity();
    Result<std::vector<btrfs::Superblock>> make_superblocks();

    const Filesystem* committed_;
    std::unique_ptr<Workspace> workspace_; // on the heap: its parts refer to each other
    std::vector<u64> dropped_;
    std::optional<std::string> label_;
    u64 incompat_flags_ = 0;
    std::optional<bool> is_seed_;
    std::vector<SuperblockEdit> superblock_edits_;
};

} // namespace btrkit
