// SPDX-License-Identifier: MIT
// Root tree, subvolumes and uuid tree: sound ones give no finding, and each thing that is wrong gives its own.
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/ops/check/phases.h"
#include "tests/support/dir_entry.h"
#include "tests/unit/ops/check/planted_roots.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace roots_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

std::string codes(const PlantedRoots& planted) {
    return codes_of(planted.check(check::check_subvolumes));
}

u64 hash_of(std::string_view name) {
    return name_hash(std::as_bytes(std::span(name)));
}

btrfs::RootRef& ref_in(std::vector<std::byte>& item) {
    return *reinterpret_cast<btrfs::RootRef*>(item.data());
}

} // namespace

TEST_CASE("sound subvolumes give no finding") {
    PlantedRoots planted;
    CHECK(codes(planted).empty());
}

TEST_CASE("items that can't stand in the root tree") {
    PlantedRoots planted;
    SUBCASE("a string") {
        planted.root_tree[{300, type::string_item, 5}] = {};
    }
    SUBCASE("a root item of no tree") {
        planted.trees[77] = {};
        planted.roots[{77, type::root_item, 0}] = planted.root(btrfs::csum_tree_id);
    }
    SUBCASE("two root items of a subvolume") {
        planted.roots[{sub_id, type::root_item, 9}] = planted.root(sub_id);
    }
    CHECK(codes(planted) == "item-misplaced");
}

TEST_CASE("what is left of a balance is noted") {
    PlantedRoots planted;
    planted.root_tree[{btrfs::balance_objectid, type::temporary_item, 0}] = bytes_from(btrfs::BalanceItem{});
    planted.trees[btrfs::tree_reloc_id] = {};
    planted.roots[{btrfs::tree_reloc_id, type::root_item, sub_id}] = planted.root(btrfs::csum_tree_id);
    CHECK(codes(planted) == "balance-unfinished reloc-tree");
}

TEST_CASE("the abandoned inode number cache") {
    PlantedRoots planted;
    planted.root_tree[{btrfs::free_ino_objectid, type::orphan_item, 0}] = {};
    CHECK(codes(planted) == "inode-cache");
}

TEST_CASE("a tree that must be there") {
    for (const u64 id : {btrfs::extent_tree_id, btrfs::csum_tree_id, btrfs::dev_tree_id, btrfs::data_reloc_tree_id}) {
        PlantedRoots planted;
        planted.roots.erase({id, type::root_item, 0});
        CHECK(codes(planted) == "root-unreadable");
    }
    PlantedRoots planted;
    planted.change_super = [](auto& super) { super.compat_ro_flags = btrfs::compat_ro_free_space_tree; };
    CHECK(codes(planted) == "root-unreadable");
}

TEST_CASE("of what was lost with a block of the root tree, nothing is told but that") {
    PlantedRoots planted;
    planted.spoilt_tree = btrfs::root_tree_id; // its last leaf
    CHECK(codes(planted) == "block-checksum block-lost not-checked not-checked");
}

TEST_CASE("references between subvolumes") {
    PlantedRoots planted;
    const btrfs::Key ref{sub_id, type::root_ref, nested_id};
    const btrfs::Key back{nested_id, type::root_backref, sub_id};
    SUBCASE("no reference") {
        planted.root_tree.erase(ref);
        CHECK(codes(planted) == "root-ref-missing");
    }
    SUBCASE("no reference back") {
        planted.root_tree.erase(back);
        CHECK(codes(planted) == "root-backref-missing");
    }
    SUBCASE("neither") {
        planted.root_tree.erase(ref);
        planted.root_tree.erase(back);
        CHECK(codes(planted) == "root-ref-missing");
    }
    SUBCASE("they differ") {
        ref_in(planted.root_tree.at(back)).sequence = 9;
        CHECK(codes(planted) == "root-ref-differs");
    }
    SUBCASE("no such subvolume") {
        planted.add_reference(sub_id, 555, btrfs::root_dir_inode, 9, "none");
        CHECK(codes(planted) == "root-missing");
    }
}

TEST_CASE("entries of subvolumes in directories") {
    PlantedRoots planted;
    auto& dir = planted.trees.at(btrfs::fs_tree_id);
    const btrfs::Key item{btrfs::root_dir_inode, type::dir_item, hash_of("sub")};
    SUBCASE("DIR_ITEM is missing") {
        dir.erase(item);
        CHECK(codes(planted) == "root-entry-missing");
    }
    SUBCASE("DIR_INDEX is missing") {
        dir.erase({btrfs::root_dir_inode, type::dir_index, btrfs::first_dir_index});
        CHECK(codes(planted) == "root-entry-missing");
    }
    SUBCASE("it leads elsewhere") {
        dir.at(item) = dir_entry({999, type::root_item, ~u64{0}}, btrfs::FileType::directory, "sub");
        CHECK(codes(planted) == "root-entry-unfounded");
    }
    SUBCASE("it was lost") {
        planted.spoilt_tree = btrfs::fs_tree_id;
        CHECK(codes_of(planted.check(check::check_subvolumes)) == "not-checked not-checked");
    }
}

TEST_CASE("entries that the file trees had") {
    PlantedRoots planted;
    const auto check_with = [&](u64 owner, u64 child, std::string name) {
        return codes_of(planted.check([&](check::Context& context) {
            context.subvolume_entries.push_back({.leaf = {4096},
                                                 .owner = owner,
                                                 .dirid = btrfs::root_dir_inode,
                                                 .index = 0,
                                                 .child = child,
                                                 .name = name});
            check::check_subvolumes(context);
        }));
    };
    CHECK(check_with(btrfs::fs_tree_id, sub_id, "sub").empty());
    CHECK(check_with(btrfs::fs_tree_id, sub_id, "other") == "root-entry-unfounded");
    CHECK(check_with(btrfs::fs_tree_id, nested_id, "sub") == "root-entry-unfounded");
    planted.root(sub_id).parent_uuid = uuid_of(9);
    CHECK(check_with(sub_id, 999, "was in its source").empty());
}

TEST_CASE("reference counts and deleted subvolumes") {
    PlantedRoots planted;
    SUBCASE("too many") {
        planted.root(sub_id).refs = 2;
        CHECK(codes(planted) == "root-refs");
    }
    SUBCASE("none, but a directory has it") {
        planted.root(nested_id).refs = 0;
        CHECK(codes(planted) == "root-refs");
    }
    SUBCASE("the top-level tree has none") {
        planted.root(btrfs::fs_tree_id).refs = 0;
        CHECK(codes(planted).contains("root-refs"));
    }
    SUBCASE("deleted, waiting") {
        planted.drop(nested_id);
        CHECK(codes(planted) == "root-dropping");
    }
    SUBCASE("deleted, but nobody will clean it up") {
        planted.drop(nested_id);
        planted.root_tree.erase({btrfs::orphan_objectid, type::orphan_item, nested_id});
        CHECK(codes(planted) == "root-orphan-missing");
    }
    SUBCASE("progress that can't be") {
        planted.drop(nested_id);
        planted.root(nested_id).drop_progress.objectid = 256;
        CHECK(codes(planted) == "item-root root-dropping");
    }
    SUBCASE("an orphan item of nothing") {
        planted.add_orphan(999);
        CHECK(codes(planted) == "orphan-unfounded");
    }
    SUBCASE("an orphan item of one that lives") {
        planted.add_orphan(sub_id);
        CHECK(codes(planted) == "orphan-unfounded");
    }
    SUBCASE("an orphan item of an old free space cache") {
        btrfs::InodeItem inode;
        inode.mode = S_IFREG | 0600;
        planted.root_tree[{999, type::inode_item, 0}] = bytes_from(inode);
        planted.add_orphan(999);
        CHECK(codes(planted).empty());
    }
}

TEST_CASE("received uuids") {
    PlantedRoots planted;
    planted.root(sub_id).received_uuid = uuid_of(77);
    planted.trees[btrfs::uuid_tree_id][uuid_key_of(uuid_of(77), type::uuid_key_received_subvol)] =
        uuid_entries({sub_id});
    CHECK(codes(planted) == "root-received-writable");
    planted.root(sub_id).flags = btrfs::root_subvol_rdonly;
    CHECK(codes(planted).empty());
    // An old kernel wrote last: the field means nothing.
    planted.root(sub_id).flags = 0;
    planted.root(sub_id).generation_v2 = 3;
    planted.trees[btrfs::uuid_tree_id].erase(uuid_key_of(uuid_of(77), type::uuid_key_received_subvol));
    planted.trees[btrfs::uuid_tree_id].erase(uuid_key_of(planted.root(sub_id).uuid, type::uuid_key_subvol));
    CHECK(codes(planted).empty());
}

TEST_CASE("the default subvolume") {
    PlantedRoots planted;
    SUBCASE("does not exist") {
        planted.root_tree[{btrfs::root_tree_dir_id, type::dir_item, hash_of("default")}] =
            dir_entry({999, type::root_item, ~u64{0}}, btrfs::FileType::directory, "default");
        CHECK(codes(planted) == "root-default");
    }
    SUBCASE("is deleted") {
        planted.root_tree[{btrfs::root_tree_dir_id, type::dir_item, hash_of("default")}] =
            dir_entry({nested_id, type::root_item, ~u64{0}}, btrfs::FileType::directory, "default");
        planted.drop(nested_id);
        CHECK(codes(planted) == "root-default root-dropping");
    }
    SUBCASE("is not chosen") {
        planted.root_tree.erase({btrfs::root_tree_dir_id, type::dir_item, hash_of("default")});
        CHECK(codes(planted).empty());
    }
}

TEST_CASE("a root block that belongs to another subvolume") {
    PlantedRoots planted;
    planted.plant_more = [](MetadataImage& image, auto& trees) {
        image.change(trees.at(nested_id).address(), [](Block& block) { header_in(block).owner = sub_id; });
    };
    CHECK(codes(planted) == "root-item-differs");
}

TEST_CASE("the uuid tree") {
    PlantedRoots planted;
    auto& tree = planted.trees.at(btrfs::uuid_tree_id);
    const auto key = uuid_key_of(planted.root(sub_id).uuid, type::uuid_key_subvol);
    SUBCASE("lacks a subvolume") {
        tree.erase(key);
        CHECK(codes(planted) == "uuid-missing");
    }
    SUBCASE("names one that does not exist") {
        tree.at(key) = uuid_entries({sub_id, 999});
        CHECK(codes(planted) == "uuid-unfounded");
    }
    SUBCASE("names one with another uuid") {
        tree.at(key) = uuid_entries({sub_id, nested_id});
        CHECK(codes(planted) == "uuid-unfounded");
    }
    SUBCASE("is stale") {
        planted.change_super = [](auto& super) { super.uuid_tree_generation = 0; };
        CHECK(codes(planted).empty());
        tree.at(key) = uuid_entries({999});
        CHECK(codes(planted) == "uuid-stale");
    }
    SUBCASE("is lost in part") {
        planted.spoilt_tree = btrfs::uuid_tree_id;
        CHECK(codes(planted) == "block-checksum block-lost not-checked");
    }
    SUBCASE("is not there") {
        planted.roots.erase({btrfs::uuid_tree_id, type::root_item, 0});
        CHECK(codes(planted).empty());
    }
    SUBCASE("has the top directory that mkfs once gave it") {
        tree[{btrfs::root_dir_inode, type::inode_item, 0}] =
            planted.trees.at(btrfs::fs_tree_id).at({btrfs::root_dir_inode, type::inode_item, 0});
        CHECK(codes(planted).empty());
    }
    SUBCASE("has other items") {
        tree[{999, type::orphan_item, 0}] = {};
        CHECK(codes(planted) == "item-misplaced");
    }
}

} // namespace roots_test
