// SPDX-License-Identifier: MIT
#include "libfs/txn/transaction.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/base/names.h"
#include "libfs/tree/open_block.h"
#include "libfs/txn/begin_anew.h"
#include "libfs/txn/block_store.h"
#include "libfs/txn/logged_space.h"
#include "libfs/txn/may_be_written.h"
#include "libfs/txn/new_superblock.h"
#include "libfs/txn/overlaid.h"
#include "libfs/txn/quota_groups.h"
#include "libfs/txn/settle.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Above that of every superblock of every device, valid or not: no block of another history can pass for a new one.
Result<u64> new_generation(const Filesystem& filesystem) {
    u64 newest = filesystem.super().generation;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        Problems problems;
        for (const auto& copy : read_superblock_copies(*member.device, problems)) {
            if (copy.valid() && copy.super.fsid == filesystem.super().fsid) {
                newest = std::max<u64>(newest, copy.super.generation);
            }
        }
    }
    return newest + 1;
}

Result<SpaceLedger::Trees> space_trees(const Filesystem& filesystem) {
    SpaceLedger::Trees trees;
    BTRKIT_TRY_ASSIGN(const auto extents, filesystem.find_tree(btrfs::extent_tree_id));
    trees.extents = trees.block_groups = extents.block;
    if (filesystem.geometry().has_block_group_tree()) {
        BTRKIT_TRY_ASSIGN(const auto groups, filesystem.find_tree(btrfs::block_group_tree_id));
        trees.block_groups = groups.block;
    }
    if (filesystem.geometry().has_valid_free_space_tree()) {
        BTRKIT_TRY_ASSIGN(const auto free_space, filesystem.find_tree(btrfs::free_space_tree_id));
        trees.free_space = free_space.block;
    }
    return trees;
}

/// How far a tree is deleted, as its root item says.
std::optional<ShareRules::DropProgress> drop_progress(Bytes root_item) {
    if (root_item.size() < btrfs::legacy_root_item_size) {
        return std::nullopt;
    }
    const auto item = whole_root_item(root_item).item;
    const auto key = item.drop_progress.to_key();
    return item.refs == 0 && key != btrfs::Key{}
               ? std::optional(ShareRules::DropProgress{.key = key, .level = item.drop_level})
               : std::nullopt;
}

} // namespace

Result<Transaction> Transaction::begin(const Filesystem& committed, const TransactionOptions& options) {
    BTRKIT_TRY(may_be_written(committed, options.exceptions));
    BTRKIT_TRY_ASSIGN(const u64 generation, new_generation(committed));
    BTRKIT_TRY_ASSIGN(auto overlaid, lay_overlays(committed, options.room));
    BTRKIT_TRY_ASSIGN(const auto trees, space_trees(committed));
    const OwnedBlock root(committed.reader(), committed.root_tree().block);
    if (!root.is_proven()) {
        return fail(ErrorKind::damaged, describe(lost_range(committed.root_tree().block)));
    }
    Geometry geometry = committed.geometry();
    geometry.generation = generation;
    VolumeWriter writer(overlaid.writable(), overlaid.filesystem.volume().chunks());
    BTRKIT_TRY_ASSIGN(auto quotas, read_simple_quotas(committed));
    const Workspace::Room room = {.cache_bytes = options.cache_bytes, .waiting_bytes = options.waiting_bytes};
    auto workspace =
        std::make_unique<Workspace>(std::move(overlaid.filesystem), std::move(overlaid.overlays), std::move(writer),
                                    trees, geometry, root.block().header().chunk_tree_uuid, room);
    workspace->quotas = std::move(quotas);
    // The superblocks that stand lead to it until others do.
    workspace->space.pin(logged_space(committed));
    workspace->parallelism = options.parallelism;
    workspace->bad_items = options.bad_items;
    if (options.data_devices != nullptr) {
        workspace->data_writer.emplace(*options.data_devices, workspace->filesystem.volume().chunks());
        workspace->data_writes.emplace(options.parallelism, *workspace->data_writer);
    }
    return Transaction(committed, std::move(workspace));
}

Result<TreeBuffer*> Transaction::tree(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* tree, workspace_->trees.find(id));
    return &tree->buffer;
}

Result<TreeBuffer*> Transaction::tree_if_any(u64 id) {
    auto found = tree(id);
    const bool is_missing = !found && found.error().kind == ErrorKind::not_found;
    return is_missing ? nullptr : found;
}

Result<void> Transaction::relieve() {
    return wants_relief() ? settle(*workspace_) : Result<void>{};
}

Result<void> Transaction::put_root_item(const btrfs::Key& key, btrfs::RootItem item, const OpenTree& tree) {
    item.bytenr = tree.root.block.address.bytenr;
    item.level = *tree.root.block.level;
    item.generation = generation();
    item.generation_v2 = generation();
    BTRKIT_TRY_ASSIGN(auto* roots, this->tree(btrfs::root_tree_id));
    roots->put(key, as_bytes_of(item));
    return {};
}

Result<void> Transaction::create_tree(const btrfs::Key& root_key, btrfs::RootItem root_item,
                                      std::span<const ItemEdit> items) {
    BTRKIT_TRY(relieve());
    BlockStore store(*workspace_, root_key.objectid);
    TreeBuilder builder(workspace_->geometry, workspace_->identity_of(root_key.objectid), store);
    for (const auto& item : items) {
        BTRKIT_TRY(store.add_item(item.key, *item.body));
        BTRKIT_TRY(builder.add(item.key, *item.body));
    }
    BTRKIT_TRY_ASSIGN(const auto built, builder.finish());
    BTRKIT_TRY(store.finish());
    const auto& tree = workspace_->trees.add(
        {.id = root_key.objectid,
         .root_key = root_key,
         .block = {
             .address = built.root, .generation = generation(), .level = built.level, .tree = root_key.objectid}});
    root_item.bytes_used = built.block_count * workspace_->geometry.nodesize;
    return put_root_item(root_key, root_item, tree);
}

Result<void> Transaction::snapshot_tree(u64 source, const btrfs::Key& root_key, btrfs::RootItem root_item) {
    BTRKIT_TRY(relieve());
    BTRKIT_TRY_ASSIGN(auto* from, workspace_->trees.find(source));
    BTRKIT_TRY(merge_buffer(*workspace_, *from));
    BTRKIT_TRY_ASSIGN(const auto root, workspace_->cache.get(from->root.block));
    // A root is nobody else's: it is copied. All below it is shared.
    BlockStore store(*workspace_, root_key.objectid);
    BTRKIT_TRY_ASSIGN(const auto copied, copy_block(root->block(), workspace_->geometry,
                                                    workspace_->identity_of(root_key.objectid), store));
    BTRKIT_TRY(store.finish());
    ShareRules(*workspace_).share_children(root->block(), root_key.objectid);
    const auto& tree = workspace_->trees.add(
        {.id = root_key.objectid,
         .root_key = root_key,
         .block = {
             .address = copied.address, .generation = generation(), .level = copied.level, .tree = root_key.objectid}});
    // Kernels take a block that is older than the last snapshot for shared, and one that is younger for the tree's own.
    BTRKIT_TRY_ASSIGN(auto* roots, this->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, roots->find(from->root.root_key));
    if (!item || item->body.size() < btrfs::legacy_root_item_size) {
        return fail(ErrorKind::damaged, fmt::format("tree {} has no root item, or a short one", source));
    }
    auto* source_item = reinterpret_cast<btrfs::RootItem*>(item->body.data());
    source_item->last_snapshot = generation();
    root_item.last_snapshot = generation();
    root_item.bytes_used = u64{source_item->bytes_used} + static_cast<u64>(from->blocks_change) * geometry().nodesize;
    roots->put(from->root.root_key, item->body);
    return put_root_item(root_key, root_item, tree);
}

Result<void> Transaction::drop_tree(u64 id) {
    BTRKIT_TRY(relieve());
    BTRKIT_TRY_ASSIGN(auto* tree, workspace_->trees.find(id));
    BTRKIT_TRY(merge_buffer(*workspace_, *tree));
    const auto root = tree->root;
    // A large tree gives more back than can be kept in mind: what is told so far is settled on the way.
    const auto relieve_refs = [this] {
        return workspace_->refs.waiting_bytes() > workspace_->room.waiting_bytes ? settle(*workspace_) : Result<void>{};
    };
    BTRKIT_TRY_ASSIGN(auto* roots, this->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->find(root.root_key));
    BTRKIT_TRY(ShareRules(*workspace_)
                   .drop_tree(root.block, {.id = id,
                                           .created = root.root_key.offset,
                                           .progress = item ? drop_progress(item->body) : std::nullopt,
                                           .between = relieve_refs}));
    workspace_->trees.remove(id);
    dropped_.push_back(id);
    BTRKIT_TRY(roots->erase(root.root_key));
    return {};
}

Result<void> Transaction::drop_tree_if_any(u64 id) {
    BTRKIT_TRY_ASSIGN(const auto* tree, tree_if_any(id));
    return tree == nullptr ? Result<void>{} : drop_tree(id);
}

Result<void> Transaction::write_data(Logical at, Bytes bytes) {
    workspace_->written_data.insert(range_from(at.bytenr, bytes.size()));
    const Chunk* chunk = chunks().find(at);
    const bool is_only_data = chunk != nullptr && chunk->profile().parity == 0 &&
                              (chunk->type & btrfs::block_group_type_mask) == btrfs::block_group_data;
    return workspace_->data_writes && is_only_data ? workspace_->data_writes->write(at, bytes)
                                                   : workspace_->writer.write(at, bytes);
}

Result<void> Transaction::finish_data() {
    return workspace_->data_writes ? workspace_->data_writes->finish() : Result<void>();
}

/// With simple quotas an extent says who has allocated it, for as long as it lives.
void Transaction::bear_data(u64 tree, Range extent) {
    const u64 quota_owner = keeps_simple_quotas() ? tree : 0;
    workspace_->quotas.add_taken(quota_owner, extent.length());
    workspace_->refs.bear(record_of_data(extent, generation(), quota_owner));
}

Result<void> Transaction::adopt_data(u64 tree, Range extent) {
    BTRKIT_TRY(workspace_->space.adopt(extent));
    bear_data(tree, extent);
    return {};
}

void Transaction::set_label(std::string_view label) {
    label_ = std::string(label);
}

Result<void> Transaction::set_identity(NewIdentity identity) {
    BTRKIT_TRY(rename_devices(identity, workspace_->trees));
    workspace_->growth.set_identity(std::move(identity));
    return {};
}

Result<void> Transaction::renew_space() {
    BTRKIT_TRY_ASSIGN(const auto groups, workspace_->space.trust_extents());
    return put_space(groups);
}

Result<void> Transaction::renew_space(const NewSpace& space) {
    workspace_->space.trust(space.groups);
    for (const auto& [id, fill] : space.trees) {
        BTRKIT_TRY(begin_anew(*workspace_, id, fill));
    }
    BTRKIT_TRY(put_space(space.groups));
    for (const Range range : space.gone.ranges()) {
        BTRKIT_TRY(workspace_->space.release(range));
    }
    return {};
}

Result<void> Transaction::put_space(std::span<const GroupExtents> groups) {
    u64 used_bytes = 0;
    for (const auto& group : groups) {
        used_bytes += group.allocated.total_bytes();
    }
    edit_superblocks([used_bytes](btrfs::Superblock& super) -> Result<void> {
        super.bytes_used = used_bytes;
        return {};
    });
    BTRKIT_TRY(put_block_groups(*workspace_, groups));
    return put_free_space(*workspace_, groups);
}

/// The superblock's generation is that of the root tree's root, whatever else was changed: so that is always new.
Result<void> Transaction::touch_root_tree() {
    BTRKIT_TRY_ASSIGN(auto* roots, tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(auto first, roots->first_from(btrfs::Key::min()));
    if (!first) {
        return fail(ErrorKind::damaged, "the root tree is empty");
    }
    roots->put(first->key, first->body);
    return {};
}

/// Full quotas are not counted here: a kernel is told to count anew. Simple ones are exact.
Result<void> Transaction::touch_quotas() {
    BTRKIT_TRY_ASSIGN(auto* quota, tree_if_any(btrfs::quota_tree_id));
    if (quota == nullptr) {
        return {};
    }
    const btrfs::Key key = {0, btrfs::item_type::qgroup_status, 0};
    BTRKIT_TRY_ASSIGN(auto item, quota->find(key));
    if (!item || item->body.size() < sizeof(btrfs::QgroupStatusItem)) {
        return {};
    }
    auto* status = reinterpret_cast<btrfs::QgroupStatusItem*>(item->body.data());
    if ((status->flags & btrfs::qgroup_status_on) == 0) {
        return {};
    }
    const bool is_simple = (status->flags & btrfs::qgroup_status_simple_mode) != 0;
    if (!workspace_->quotas.are_kept() && !is_simple && !workspace_->keeps_full_quotas) {
        status->flags = status->flags | btrfs::qgroup_status_inconsistent;
    }
    status->generation = generation();
    quota->put(key, item->body);
    return {};
}

/// Those of subvolumes that are gone. With simple quotas a group stays as long as others have what it has allocated.
Result<void> Transaction::remove_quota_groups() {
    BTRKIT_TRY_ASSIGN(auto* quota, tree_if_any(btrfs::quota_tree_id));
    if (quota == nullptr) {
        return {};
    }
    for (const u64 id : dropped_) {
        BTRKIT_TRY_ASSIGN(const auto* reborn, tree_if_any(id));
        BTRKIT_TRY_ASSIGN(const auto item, quota->find({0, btrfs::item_type::qgroup_info, id}));
        const auto* info = item ? view_at<btrfs::QgroupInfoItem>(item->body) : nullptr;
        const bool still_counts = info != nullptr && info->rfer != 0 && workspace_->quotas.are_kept();
        if (reborn == nullptr && !still_counts) {
            BTRKIT_TRY(remove_quota_group(*quota, id));
        }
    }
    return settle(*workspace_);
}

/// Of the rows that were written, which lie apart from all that was in use.
Result<void> Transaction::make_parity() {
    for (const auto& chunk : chunks().chunks()) {
        if (chunk.profile().parity == 0) {
            continue;
        }
        for (const auto* all : {&workspace_->born, &workspace_->moved_blocks, &workspace_->written_data}) {
            for (const Range written : all->within(range_of(chunk)).ranges()) {
                BTRKIT_TRY(workspace_->writer.write_parity(chunk, {written.start}, {written.end}));
            }
        }
    }
    return {};
}

Result<std::vector<btrfs::Superblock>> Transaction::make_superblocks() {
    const SuperblockChange change = {.generation = generation(),
                                     .used_bytes_change = workspace_->space.used_bytes_change(),
                                     .label = label_,
                                     .incompat_flags = incompat_flags_,
                                     .compat_ro_flags = geometry().compat_ro_flags,
                                     .is_seed = is_seed_};
    std::vector<btrfs::Superblock> supers;
    for (const auto& [devid, member] : committed_->volume().members()) {
        BTRKIT_TRY_ASSIGN(const auto own, read_superblock(*member.device, btrfs::superblock_offsets.front(), 0));
        auto super = committed_->super();
        super.dev_item = own.super.dev_item;
        for (const auto& edit : superblock_edits_) {
            BTRKIT_TRY(edit(super));
        }
        BTRKIT_TRY(workspace_->growth.renew(super));
        if (const auto& identity = workspace_->growth.identity()) {
            BTRKIT_TRY(apply_identity(*identity, super));
        }
        BTRKIT_TRY_ASSIGN(supers.emplace_back(), new_superblock(super, change, workspace_->trees));
    }
    return supers;
}

Result<Proposal> Transaction::propose() {
    BTRKIT_TRY(finish_data());
    BTRKIT_TRY(touch_root_tree());
    BTRKIT_TRY(touch_quotas());
    BTRKIT_TRY(settle(*workspace_));
    BTRKIT_TRY(remove_quota_groups());
    BTRKIT_TRY(make_parity());
    Proposal proposal;
    proposal.overlays = {workspace_->overlays.begin(), workspace_->overlays.end()};
    BTRKIT_TRY_ASSIGN(proposal.supers, make_superblocks());
    proposal.born_blocks = workspace_->born;
    return proposal;
}

} // namespace btrkit
