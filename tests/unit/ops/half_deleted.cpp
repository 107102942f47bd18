// SPDX-License-Identifier: MIT
#include "tests/unit/ops/half_deleted.h"

#include "formats/btrfs/flags.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/space/extent_lookup.h"

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

/// Gives back blocks and data of one tree, counting by hand.
class PlainDrop {
public:
    PlainDrop(Transaction& transaction, const TreeRoot& root)
        : transaction_(transaction), root_(root), cache_(transaction.committed().reader(), mib),
          extents_(cache_, must(transaction.committed().find_tree(btrfs::extent_tree_id)).block) {}

    void drop_before(const DropPlace& place, StopsIn stops_in) { drop_before(root_.block, place, stops_in); }

private:
    void drop_before(const Promise& promise, const DropPlace& place, StopsIn stops_in) {
        const auto owned = must(cache_.get(promise));
        for (u32 slot = 0; slot < owned->block().count(); ++slot) {
            const auto child = child_promise(owned->block(), slot, promise);
            if (child.end && *child.end <= place.key) {
                drop(child, promise);
                continue;
            }
            if (*child.level >= place.level) {
                drop_before(child, place, stops_in);
            } else if (stops_in == StopsIn::backrefs && is_own_but_shared(child)) {
                refer_in_full(child);
            }
            return;
        }
    }

    u64 refs_of(u64 bytenr) {
        const auto* change = refs().find_block(bytenr);
        const auto head = must(find_extent_head(extents_, bytenr, transaction_.committed().geometry()));
        return head.ref_count + static_cast<u64>(change == nullptr ? 0 : change->count);
    }

    bool is_full(u64 bytenr) {
        const auto* change = refs().find_block(bytenr);
        return (change != nullptr && change->becomes_full_backref) ||
               must(find_extent_head(extents_, bytenr, transaction_.committed().geometry())).is_full_backref;
    }

    bool is_own_but_shared(const Promise& child) {
        const u64 bytenr = child.address.bytenr;
        return refs_of(bytenr) > 1 && !is_full(bytenr) && *child.generation > root_.root_key.offset &&
               must(cache_.get(child))->block().header().owner == root_.id;
    }

    void drop(const Promise& child, const Promise& parent) {
        const u64 bytenr = child.address.bytenr;
        const auto owned = must(cache_.get(child));
        if (refs_of(bytenr) == 1) {
            for_each_child(child, [&](const Promise& below) { drop(below, child); });
            count_data(child, is_full(bytenr), -1);
        } else if (is_own_but_shared(child)) {
            refer_all_in_full(child);
        }
        refs().add(bytenr, ref_of(parent, is_full(parent.address.bytenr)), -1);
        refs().set_owner(bytenr, owned->block().header().owner);
    }

    void refer_all_in_full(const Promise& top) {
        if (is_full(top.address.bytenr) || *top.generation <= root_.root_key.offset ||
            must(cache_.get(top))->block().header().owner != root_.id) {
            return;
        }
        refer_in_full(top);
        for_each_child(top, [&](const Promise& below) { refer_all_in_full(below); });
    }

    void refer_in_full(const Promise& block) {
        for_each_child(block, [&](const Promise& below) {
            refs().add(below.address.bytenr, ref_of(block, true), 1);
            refs().add(below.address.bytenr, ref_of(block, false), -1);
        });
        count_data(block, true, 1);
        count_data(block, false, -1);
        refs().set_full_backref(block.address.bytenr);
    }

    template <class Visit>
    void for_each_child(const Promise& promise, Visit visit) {
        const auto owned = must(cache_.get(promise));
        for (u32 slot = 0; !owned->block().is_leaf() && slot < owned->block().count(); ++slot) {
            visit(child_promise(owned->block(), slot, promise));
        }
    }

    ExtentRef ref_of(const Promise& parent, bool is_in_full) const {
        return is_in_full ? ExtentRef{.type = type::shared_block_ref, .parent = parent.address.bytenr, .count = 1}
                          : ExtentRef{.type = type::tree_block_ref, .root = root_.id, .count = 1};
    }

    void count_data(const Promise& promise, bool is_in_full, std::int64_t change) {
        const auto owned = must(cache_.get(promise));
        const TreeBlock& leaf = owned->block();
        for (u32 slot = 0; leaf.is_leaf() && slot < leaf.count(); ++slot) {
            const auto key = leaf.key(slot);
            const auto extent = key.type == type::extent_data ? stored_extent(leaf.item_data(slot)) : std::nullopt;
            if (!extent) {
                continue;
            }
            const ExtentRef by_root = {.type = type::extent_data_ref,
                                       .root = root_.id,
                                       .objectid = key.objectid,
                                       .offset = key.offset - extent->range.offset,
                                       .count = 1};
            const ExtentRef in_full = {.type = type::shared_data_ref, .parent = promise.address.bytenr, .count = 1};
            refs().add(extent->range.disk_bytenr, is_in_full ? in_full : by_root, change);
        }
    }

    RefDeltas& refs() { return transaction_.workspace().refs; }

    Transaction& transaction_;
    TreeRoot root_;
    BlockCache cache_;
    TreeSearch extents_;
};

/// All that leads to the subvolume. Its names stand in the top directory.
void take_name_out(Transaction& transaction, const TreeRoot& root, const btrfs::RootItem& item) {
    auto* roots = must(transaction.tree(btrfs::root_tree_id));
    const auto back = must(roots->first_from({root.id, type::root_backref, 0}));
    REQUIRE((back && back->key.objectid == root.id && back->key.type == type::root_backref));
    const auto* ref = view_at<btrfs::RootRef>(back->body);
    const auto name = as_text(Bytes(back->body).subspan(sizeof(*ref), ref->name_len));
    DirectoryEditor directories(transaction, {.sec = 5000});
    must(directories.remove_entry({.tree = back->key.offset, .inode = ref->dirid}, name, ref->sequence));
    must(roots->erase({back->key.offset, type::root_ref, root.id}));
    must(roots->erase(back->key));
    roots->put({btrfs::orphan_objectid, type::orphan_item, root.id}, {});
    const auto uuid = btrfs::uuid_key(item.uuid);
    must(must(transaction.tree(btrfs::uuid_tree_id))->erase({uuid.objectid, type::uuid_key_subvol, uuid.offset}));
}

void add_places(BlockCache& cache, TreeSearch& extents, const Promise& promise, const Geometry& geometry,
                std::vector<DropPlace>& places) {
    const auto owned = must(cache.get(promise));
    const auto head = must(find_extent_head(extents, promise.address.bytenr, geometry));
    if (owned->block().is_leaf() || head.ref_count != 1) {
        return;
    }
    for (u32 slot = 0; slot < owned->block().count(); ++slot) {
        places.push_back({.key = owned->block().key(slot), .level = *promise.level});
        add_places(cache, extents, child_promise(owned->block(), slot, promise), geometry, places);
    }
}

} // namespace

std::vector<DropPlace> drop_places(const Filesystem& filesystem, u64 tree) {
    BlockCache cache(filesystem.reader(), mib);
    TreeSearch extents(cache, must(filesystem.find_tree(btrfs::extent_tree_id)).block);
    std::vector<DropPlace> places;
    add_places(cache, extents, must(filesystem.find_tree(tree)).block, filesystem.geometry(), places);
    return places;
}

u64 half_delete(const TransactionBench& bench, const std::string& path, const std::optional<DropPlace>& place,
                StopsIn stops_in) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 5000});
    const auto root = must(filesystem.find_tree(must(editor.find(path))));
    auto item = must(editor.root_item(root.id));
    take_name_out(transaction, root, item);
    item.refs = 0;
    item.flags = item.flags | btrfs::root_subvol_dead;
    if (place) {
        PlainDrop(transaction, root).drop_before(*place, stops_in);
        item.drop_progress = btrfs::DiskKey::from(place->key);
        item.drop_level = place->level;
    }
    must(transaction.tree(btrfs::root_tree_id))->put(root.root_key, as_bytes_of(item));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    return root.id;
}

} // namespace btrkit::test
