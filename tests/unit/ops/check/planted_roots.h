// SPDX-License-Identifier: MIT
// A filesystem of a few subvolumes, sound as far as the root tree and its like go, for tests to spoil.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/ops/check/context.h"
#include "tests/support/open_filesystem.h"

namespace btrkit::test {

using PlantedItems = std::map<btrfs::Key, std::vector<std::byte>>;

inline constexpr u64 sub_id = 300;    ///< "sub" in the top-level tree
inline constexpr u64 nested_id = 301; ///< "nested" in sub

/// Everything may be changed before check().
class PlantedRoots {
public:
    PlantedRoots();

    std::map<u64, PlantedItems> trees;           ///< by id
    std::map<btrfs::Key, btrfs::RootItem> roots; ///< by key; where the tree stands is filled in
    PlantedItems root_tree;                      ///< what else the root tree has
    std::function<void(btrfs::Superblock&)> change_super = [](btrfs::Superblock&) {};
    /// Plants more, after all trees; returns what else the root tree has.
    std::function<void(MetadataImage&, std::map<u64, PlantedBlock>&)> plant_more = [](MetadataImage&,
                                                                                      std::map<u64, PlantedBlock>&) {};
    check::Options options;
    RunContext run{.parallelism = {.threads = 2}};
    u64 spoilt_tree = 0; ///< whose root block is made unreadable; 0: none

    btrfs::RootItem& root(u64 id) { return roots.at({id, btrfs::item_type::root_item, 0}); }
    /// A subvolume without items of its own, and no reference to it.
    void add_subvolume(u64 id);
    void add_orphan(u64 id) { root_tree[{btrfs::orphan_objectid, btrfs::item_type::orphan_item, id}] = {}; }
    void add_reference(u64 parent, u64 child, u64 dir, u64 sequence, std::string_view name);
    void drop(u64 id);

    using Phase = std::function<void(check::Context&)>;
    /// check_root_tree() and then phase. Returns what they found: "code: detail".
    std::vector<std::string> check(const Phase& phase = [](check::Context&) {}) const;
};

/// The codes alone, in alphabetical order, each as often as it was found: "root-missing uuid-missing".
std::string codes_of(const std::vector<std::string>& findings);

std::vector<std::byte> uuid_entries(std::initializer_list<u64> ids);
btrfs::Key uuid_key_of(const btrfs::Uuid& uuid, u8 type);

} // namespace btrkit::test
