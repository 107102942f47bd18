// SPDX-License-Identifier: MIT
#include "tests/unit/ops/check/planted_roots.h"

#include "libfs/base/checksum.h"
#include "libfs/ops/check/phases.h"
#include "tests/support/dir_entry.h"

#include <set>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

PlantedItems as_items(const FileTree& tree) {
    PlantedItems items;
    for (auto& item : tree.items()) {
        items[item.key] = item.data;
    }
    return items;
}

std::vector<LeafItem> as_leaf_items(const PlantedItems& items) {
    std::vector<LeafItem> list;
    for (const auto& [key, data] : items) {
        list.push_back({key, data});
    }
    return list;
}

PlantedItems directory_with(std::string_view name, u64 subvolume) {
    FileTree tree;
    tree.add_subvolume(btrfs::root_dir_inode, name, subvolume);
    return as_items(tree);
}

} // namespace

PlantedRoots::PlantedRoots() {
    trees[btrfs::fs_tree_id] = directory_with("sub", sub_id);
    trees[sub_id] = directory_with("nested", nested_id);
    trees[nested_id] = as_items(FileTree());
    trees[btrfs::data_reloc_tree_id] = as_items(FileTree());
    for (const u64 id : {btrfs::extent_tree_id, btrfs::dev_tree_id, btrfs::csum_tree_id, btrfs::uuid_tree_id}) {
        trees[id] = {};
    }
    for (const auto& [id, items] : trees) {
        btrfs::RootItem item;
        item.inode.nlink = 1;
        item.inode.mode = FileTree::directory_mode;
        item.refs = 1;
        item.root_dirid = btrfs::root_dir_inode;
        item.uuid = is_subvolume(id) ? uuid_of(static_cast<u8>(id)) : btrfs::Uuid{};
        if (is_subvolume(id)) {
            trees[btrfs::uuid_tree_id][uuid_key_of(item.uuid, type::uuid_key_subvol)] = uuid_entries({id});
        }
        roots[{id, type::root_item, 0}] = item;
    }
    add_reference(btrfs::fs_tree_id, sub_id, btrfs::root_dir_inode, btrfs::first_dir_index, "sub");
    add_reference(sub_id, nested_id, btrfs::root_dir_inode, btrfs::first_dir_index, "nested");
    root_tree[{btrfs::root_tree_dir_id, type::dir_item,
               name_hash(std::as_bytes(std::span(std::string_view("default"))))}] =
        dir_entry({sub_id, type::root_item, ~u64{0}}, btrfs::FileType::directory, "default");
}

void PlantedRoots::add_subvolume(u64 id) {
    trees[id] = as_items(FileTree());
    auto& item = roots[{id, type::root_item, 0}];
    item = root(nested_id);
    item.uuid = {};
}

void PlantedRoots::add_reference(u64 parent, u64 child, u64 dir, u64 sequence, std::string_view name) {
    const auto ref =
        bytes_from(btrfs::RootRef{.dirid = dir, .sequence = sequence, .name_len = static_cast<u16>(name.size())}, name);
    root_tree[{parent, type::root_ref, child}] = ref;
    root_tree[{child, type::root_backref, parent}] = ref;
}

void PlantedRoots::drop(u64 id) {
    root(id).refs = 0;
    add_orphan(id);
    std::erase_if(root_tree, [&](const auto& item) {
        const auto& key = item.first;
        return (key.type == type::root_ref && key.offset == id) ||
               (key.type == type::root_backref && key.objectid == id);
    });
    trees[btrfs::uuid_tree_id].erase(uuid_key_of(root(id).uuid, type::uuid_key_subvol));
}

std::vector<std::string> PlantedRoots::check(const Phase& phase) const {
    MetadataImage image;
    std::map<u64, PlantedBlock> planted;
    for (const auto& [id, items] : trees) {
        planted[id] = image.plant(id, as_leaf_items(items));
    }
    plant_more(image, planted);
    PlantedItems items = root_tree;
    for (const auto& [key, root] : roots) {
        auto item = root;
        const auto& promise = planted.at(key.objectid).promise;
        item.bytenr = promise.address.bytenr;
        item.level = *promise.level;
        item.generation = *promise.generation;
        item.generation_v2 = root.generation_v2 == 0 ? *promise.generation : u64{root.generation_v2};
        items[key] = bytes_from(item);
    }
    const auto root_block = image.plant(btrfs::root_tree_id, as_leaf_items(items));
    planted[btrfs::root_tree_id] = root_block;
    image.plant_chunk_tree();
    auto& super = image.super();
    super.root = root_block.address();
    super.root_level = root_block.level();
    super.uuid_tree_generation = super.generation;
    super.compat_ro_flags = 0; // there is no free space tree
    change_super(super);
    if (spoilt_tree != 0) {
        image.spoil(blocks_in_order(planted.at(spoilt_tree), WalkOrder::leaves_only).back()->address());
    }
    auto opened = open_filesystem(image.all_devices());
    survey::Findings findings;
    check::Context context{
        {.filesystem = opened.filesystem, .run = run, .findings = findings, .references = survey::ReferenceSums(1)},
        options};
    check::check_root_tree(context);
    phase(context);
    std::vector<std::string> texts;
    for (const auto& finding : findings.all()) {
        texts.push_back(std::string(problem_info(finding.problem.code).id) + ": " + finding.problem.detail);
    }
    return texts;
}

std::string codes_of(const std::vector<std::string>& findings) {
    std::multiset<std::string> codes;
    for (const auto& text : findings) {
        codes.insert(text.substr(0, text.find(':')));
    }
    std::string all;
    for (const auto& code : codes) {
        all += (all.empty() ? "" : " ") + code;
    }
    return all;
}

std::vector<std::byte> uuid_entries(std::initializer_list<u64> ids) {
    std::vector<std::vector<std::byte>> parts;
    for (const u64 id : ids) {
        parts.push_back(as_part(btrfs::le64{id}));
    }
    return joined(parts);
}

btrfs::Key uuid_key_of(const btrfs::Uuid& uuid, u8 key_type) {
    const auto halves = btrfs::uuid_key(uuid);
    return {halves.objectid, key_type, halves.offset};
}

} // namespace btrkit::test
