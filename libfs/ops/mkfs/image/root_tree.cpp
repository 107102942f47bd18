// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/trees.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/item_buffer.h"
#include "libfs/edit/new_inode.h"

#include <algorithm>
#include <cassert>
#include <map>

#include <sys/stat.h>

namespace btrkit::mkfs {

namespace {

constexpr std::string_view default_name = "default";

/// Items in any order, to be sorted.
class SortedItems {
public:
    template <class... Parts>
    void add(const btrfs::Key& key, const Parts&... parts) {
        ItemBuffer body;
        (put(body, parts), ...);
        items_[key].assign(body.bytes().begin(), body.bytes().end());
    }
    Result<BuiltTree> build(TreeBuilder tree) const {
        for (const auto& [key, body] : items_) {
            BTRKIT_TRY(tree.add(key, body));
        }
        return tree.finish();
    }

private:
    template <class Part>
    static void put(ItemBuffer& body, const Part& part) {
        if constexpr (std::convertible_to<Part, std::string_view>) {
            body.add_text(part);
        } else {
            body.add(part);
        }
    }

    std::map<btrfs::Key, std::vector<std::byte>> items_;
};

btrfs::RootItem root_item(const Parameters& parameters, const BuiltTree& built) {
    auto item = new_root_item(parameters.geometry);
    item.generation = first_generation;
    item.generation_v2 = first_generation;
    item.bytenr = built.root.bytenr;
    item.bytes_used = built.block_count * parameters.geometry.nodesize;
    item.level = built.level;
    return item;
}

btrfs::RootItem file_root_item(const Parameters& parameters, const FilledTree& tree) {
    btrfs::RootItem item = root_item(parameters, tree.built);
    item.inode.flags = btrfs::inode_root_item_init;
    item.root_dirid = btrfs::root_dir_inode;
    item.flags = tree.plan->is_read_only ? btrfs::root_subvol_rdonly : 0;
    item.uuid = subvolume_uuid(parameters, tree.plan->id);
    item.ctransid = first_generation;
    item.otransid = first_generation;
    item.ctime = timespec_of(parameters.now);
    item.otime = timespec_of(parameters.now);
    return item;
}

void add_subvolume_references(SortedItems& items, const PlannedTree& tree) {
    if (!tree.parent) {
        return;
    }
    const btrfs::RootRef reference = {.dirid = tree.parent->directory,
                                      .sequence = tree.parent->index,
                                      .name_len = static_cast<u16>(tree.parent->name.size())};
    items.add({tree.parent->tree, btrfs::item_type::root_ref, tree.id}, reference, tree.parent->name);
    items.add({tree.id, btrfs::item_type::root_backref, tree.parent->tree}, reference, tree.parent->name);
}

/// The directory that names the subvolume to mount.
void add_default_directory(SortedItems& items, const Parameters& parameters, u64 default_tree) {
    const u64 directory = btrfs::root_tree_dir_id;
    items.add({directory, btrfs::item_type::inode_item, 0},
              internal_directory(parameters, parameters.geometry.nodesize));
    items.add({directory, btrfs::item_type::inode_ref, directory}, btrfs::InodeRef{.index = 0, .name_len = 2},
              std::string_view(".."));
    items.add({directory, btrfs::item_type::dir_item, name_hash(std::as_bytes(std::span(default_name)))},
              btrfs::DirItem{.location = btrfs::DiskKey::from({default_tree, btrfs::item_type::root_item, ~u64{0}}),
                             .transid = first_generation,
                             .data_len = 0,
                             .name_len = static_cast<u16>(default_name.size()),
                             .type = static_cast<u8>(btrfs::FileType::directory)},
              default_name);
    items.add({btrfs::fs_tree_id, btrfs::item_type::inode_ref, directory},
              btrfs::InodeRef{.index = 0, .name_len = static_cast<u16>(default_name.size())}, default_name);
}

} // namespace

const BuiltTree& AllTrees::find(u64 id) const {
    const auto file = std::ranges::find_if(files, [&](const FilledTree& tree) { return tree.plan->id == id; });
    if (file != files.end()) {
        return file->built;
    }
    const auto tree = std::ranges::find(internal, id, &InternalTree::id);
    assert(tree != internal.end());
    return tree->built;
}

Result<BuiltTree> build_root_tree(const Parameters& parameters, const AllTrees& trees, u64 default_tree,
                                  BlockSink& sink) {
    SortedItems items;
    for (const auto& tree : trees.internal) {
        btrfs::RootItem item = root_item(parameters, tree.built);
        if (tree.id == btrfs::data_reloc_tree_id) {
            item.root_dirid = btrfs::root_dir_inode;
        }
        items.add({tree.id, btrfs::item_type::root_item, 0}, item);
    }
    for (const auto& tree : trees.files) {
        items.add({tree.plan->id, btrfs::item_type::root_item, 0}, file_root_item(parameters, tree));
        add_subvolume_references(items, *tree.plan);
    }
    add_default_directory(items, parameters, default_tree);
    return items.build(TreeBuilder(parameters.geometry, identity_of(parameters, btrfs::root_tree_id), sink));
}

} // namespace btrkit::mkfs
