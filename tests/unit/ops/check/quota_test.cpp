// SPDX-License-Identifier: MIT
// Quota groups: complete, related in both directions, and counting what is so.
#include "libfs/ops/check/phases.h"
#include "libfs/survey/sharing/shared_extents.h"
#include "tests/unit/ops/check/planted_roots.h"

#include <random>
#include <set>

#include <doctest/doctest.h>

namespace quota_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

constexpr u64 nodesize = 4096;
constexpr u64 snapshot_id = 302;
constexpr u64 generation = 18; ///< of all planted blocks
constexpr u64 group_id = (u64{1} << 48) + 7;
constexpr u64 upper_id = (u64{2} << 48) + 1;

struct Counts {
    u64 referenced = 0;
    u64 exclusive = 0;
};

void add_group(PlantedItems& items, u64 id, Counts counts, bool is_simple = false) {
    items[{0, type::qgroup_info, id}] =
        bytes_from(btrfs::QgroupInfoItem{.generation = generation,
                                         .rfer = counts.referenced,
                                         .rfer_cmpr = is_simple ? 0 : counts.referenced,
                                         .excl = counts.exclusive,
                                         .excl_cmpr = is_simple ? 0 : counts.exclusive});
    items[{0, type::qgroup_limit, id}] = bytes_from(btrfs::QgroupLimitItem{});
}

void relate(PlantedItems& items, u64 member, u64 group) {
    items[{member, type::qgroup_relation, group}] = {};
    items[{group, type::qgroup_relation, member}] = {};
}

void set_status(PlantedItems& items, u64 flags, u64 status_generation = generation) {
    items[{0, type::qgroup_status, 0}] =
        bytes_from(btrfs::QgroupStatusItem{.version = 1, .generation = status_generation, .flags = flags, .rescan = 0},
                   btrfs::QgroupStatusTail{.enable_gen = generation});
}

std::vector<std::byte> data_extent(u64 bytenr, u64 bytes) {
    btrfs::FileExtentHead head;
    head.generation = generation;
    head.ram_bytes = bytes;
    head.type = static_cast<u8>(btrfs::FileExtentType::regular);
    return bytes_from(
        head, btrfs::FileExtentRange{.disk_bytenr = bytenr, .disk_num_bytes = bytes, .offset = 0, .num_bytes = bytes});
}

/// sub has 8 data extents of its own and 100 that nested has too, and a snapshot that shares all but its root.
class Fixture : public PlantedRoots {
public:
    Fixture() {
        for (u64 i = 0; i < 108; ++i) {
            trees[sub_id][{260 + i, type::extent_data, 0}] = data_extent((u64{1} << 30) + i * 65536, 8192);
        }
        for (u64 i = 8; i < 108; ++i) {
            trees[nested_id][{260 + i, type::extent_data, 0}] = data_extent((u64{1} << 30) + i * 65536, 8192);
            trees[nested_id][{260 + i, type::extent_data, 65536}] = data_extent((u64{1} << 30) + i * 65536, 8192);
        }
        trees[btrfs::quota_tree_id] = {};
        roots[{btrfs::quota_tree_id, type::root_item, 0}] = root(btrfs::csum_tree_id);
        add_subvolume(snapshot_id);
        add_reference(btrfs::fs_tree_id, snapshot_id, btrfs::root_dir_inode, 9, "snapshot");
        set_status(quota(), btrfs::qgroup_status_on);
        plant_more = [this](MetadataImage& image, auto& planted) {
            auto& source = planted.at(sub_id);
            sub_blocks = blocks_in_order(source, WalkOrder::depth_first).size();
            nested_blocks = blocks_in_order(planted.at(nested_id), WalkOrder::depth_first).size();
            auto root_block = image.block(source.address());
            PlantedBlock copy = source;
            copy.promise.address = {image.take_address()};
            header_in(root_block).bytenr = copy.address();
            header_in(root_block).owner = snapshot_id;
            seal_block(image.geometry(), root_block);
            image.put(root_block);
            planted.at(snapshot_id) = copy;
        };
        check(); // to know how many blocks there are
        add_group(quota(), btrfs::fs_tree_id, {nodesize, nodesize});
        add_group(quota(), sub_id, {data_of(108) + sub_blocks * nodesize, nodesize});
        add_group(quota(), snapshot_id, {data_of(108) + sub_blocks * nodesize, nodesize});
        add_group(quota(), nested_id, {data_of(100) + nested_blocks * nodesize, nested_blocks * nodesize});
    }

    PlantedItems& quota() { return trees.at(btrfs::quota_tree_id); }
    static u64 data_of(u64 extents) { return extents * 8192; }
    std::string codes() const {
        return codes_of(check([](check::Context& context) { check::check_quota(context); }));
    }

    u64 sub_blocks = 0;
    u64 nested_blocks = 0;
};

} // namespace

TEST_CASE("a filesystem without quotas has no groups") {
    PlantedRoots planted;
    CHECK(planted.check([](check::Context& context) { CHECK(check::check_quota(context).empty()); }).empty());
}

TEST_CASE("groups of subvolumes that count right give no finding, whatever memory there is") {
    Fixture planted;
    CHECK(planted.sub_blocks > 20);
    CHECK(planted.codes() == "");
    planted.run.memory_bytes = 8192; // windows of leaves and of data
    CHECK(planted.codes() == "");
}

TEST_CASE("a group that counts wrong") {
    Fixture planted;
    auto& item = planted.quota().at({0, type::qgroup_info, sub_id});
    auto& info = *reinterpret_cast<btrfs::QgroupInfoItem*>(item.data());
    SUBCASE("referenced") {
        info.rfer = info.rfer + 1;
    }
    SUBCASE("exclusive") {
        info.excl = info.excl + nodesize;
    }
    SUBCASE("compressed") {
        info.rfer_cmpr = 0;
    }
    CHECK(planted.codes() == "qgroup-count");
    planted.run.memory_bytes = 8192;
    CHECK(planted.codes() == "qgroup-count");
}

TEST_CASE("numbers that are known to be wrong are none") {
    Fixture planted;
    add_group(planted.quota(), sub_id, {1, 1});
    CHECK(planted.codes().starts_with("qgroup-count"));
    set_status(planted.quota(), btrfs::qgroup_status_on | btrfs::qgroup_status_inconsistent);
    CHECK(planted.codes() == "qgroup-inconsistent");
    set_status(planted.quota(), btrfs::qgroup_status_on | btrfs::qgroup_status_rescan);
    CHECK(planted.codes() == "qgroup-rescan");
    set_status(planted.quota(), btrfs::qgroup_status_on, generation - 1);
    CHECK(planted.codes() == "qgroup-inconsistent");
    set_status(planted.quota(), 0);
    CHECK(planted.codes() == "");
    planted.quota().erase({0, type::qgroup_status, 0});
    CHECK(planted.codes() == "qgroup-inconsistent");
}

TEST_CASE("higher groups") {
    Fixture planted;
    relate(planted.quota(), sub_id, group_id);
    relate(planted.quota(), snapshot_id, group_id);
    relate(planted.quota(), group_id, upper_id);
    relate(planted.quota(), nested_id, upper_id);
    const u64 both = (planted.sub_blocks + 1) * nodesize;
    add_group(planted.quota(), group_id, {Fixture::data_of(108) + both, Fixture::data_of(8) + both});
    const u64 all = Fixture::data_of(108) + both + planted.nested_blocks * nodesize;
    add_group(planted.quota(), upper_id, {all, all});
    CHECK(planted.codes() == "");
    SUBCASE("one relation less, and the numbers are wrong") {
        planted.quota().erase({nested_id, type::qgroup_relation, upper_id});
        planted.quota().erase({upper_id, type::qgroup_relation, nested_id});
        CHECK(planted.codes() == "qgroup-count qgroup-count qgroup-count qgroup-count");
    }
    SUBCASE("a relation of one direction") {
        planted.quota().erase({group_id, type::qgroup_relation, snapshot_id});
        CHECK(planted.codes() == "qgroup-relation");
    }
    SUBCASE("a relation with no group") {
        relate(planted.quota(), sub_id, upper_id + 1);
        CHECK(planted.codes() == "qgroup-relation");
    }
    SUBCASE("a relation on one level") {
        relate(planted.quota(), sub_id, snapshot_id);
        CHECK(planted.codes().starts_with("qgroup-relation"));
    }
}

TEST_CASE("groups that are incomplete, missing or left over") {
    Fixture planted;
    SUBCASE("no limit") {
        planted.quota().erase({0, type::qgroup_limit, sub_id});
        CHECK(planted.codes() == "qgroup-missing");
    }
    SUBCASE("no info") {
        planted.quota().erase({0, type::qgroup_info, sub_id});
        CHECK(planted.codes() == "qgroup-missing");
    }
    SUBCASE("no group of a subvolume") {
        planted.quota().erase({0, type::qgroup_limit, sub_id});
        planted.quota().erase({0, type::qgroup_info, sub_id});
        CHECK(planted.codes() == "qgroup-missing");
    }
    SUBCASE("a group of no subvolume") {
        add_group(planted.quota(), 999, {});
        CHECK(planted.codes() == "qgroup-stale");
    }
    SUBCASE("other items") {
        planted.quota()[{1, type::orphan_item, 1}] = {};
        CHECK(planted.codes() == "item-misplaced");
    }
}

TEST_CASE("numbers are not told wrong where blocks are lost") {
    Fixture planted;
    planted.spoilt_tree = nested_id;
    CHECK(planted.codes() == "not-checked");
    planted.spoilt_tree = btrfs::quota_tree_id;
    CHECK(planted.codes() == "block-checksum block-lost not-checked");
}

TEST_CASE("a half-deleted subvolume counts what is left of it") {
    Fixture planted;
    auto& root = planted.root(snapshot_id);
    root.refs = 0;
    root.drop_level = 1;
    std::vector<check::QgroupCount> counts;
    const auto of = [&](u64 id) { return *std::ranges::find(counts, id, &check::QgroupCount::id); };
    // The deletion got to a leaf, which a key of that leaf names, or its first one: the same is left.
    const auto& items = planted.trees.at(sub_id);
    const std::size_t leaf = 9 * TreeShape{}.items_a_leaf;
    std::map<u64, u64> seen;
    for (const std::size_t item : {leaf, leaf + 1, leaf + 4}) {
        root.drop_progress = btrfs::DiskKey::from(std::next(items.begin(), static_cast<long>(item))->first);
        planted.check([&](check::Context& context) { counts = check::check_quota(context); });
        CHECK(of(snapshot_id).counted_referenced_bytes < of(snapshot_id).referenced_bytes);
        CHECK(of(snapshot_id).counted_exclusive_bytes == nodesize);
        CHECK(of(sub_id).counted_referenced_bytes == of(sub_id).referenced_bytes);
        // What went, tree blocks and the data extents that nested has not, is only sub's now.
        CHECK(of(sub_id).counted_exclusive_bytes > nodesize + Fixture::data_of(8));
        ++seen[of(snapshot_id).counted_referenced_bytes];
    }
    CHECK(seen.size() == 1);
}

TEST_CASE("simple quotas count by owner") {
    Fixture planted;
    set_status(planted.quota(), btrfs::qgroup_status_on | btrfs::qgroup_status_simple_mode, generation - 3);
    const auto own = [&](u64 bytenr, u64 bytes, u64 owner, u64 extent_generation) {
        planted.trees[btrfs::extent_tree_id][{bytenr, type::extent_item, bytes}] =
            bytes_from(btrfs::ExtentItem{.refs = 1, .generation = extent_generation, .flags = btrfs::extent_flag_data},
                       btrfs::InlineRef{.type = type::extent_owner_ref, .offset = owner});
    };
    own(u64{1} << 30, 8192, sub_id, generation);
    own(u64{2} << 30, 4096, sub_id, generation - 1); // before they were enabled
    own(u64{3} << 30, 4096, nested_id, generation);
    const u64 sub_bytes = planted.sub_blocks * nodesize + 8192;
    const u64 nested_bytes = planted.nested_blocks * nodesize + 4096;
    add_group(planted.quota(), btrfs::fs_tree_id, {nodesize, nodesize}, true);
    add_group(planted.quota(), sub_id, {sub_bytes, sub_bytes}, true);
    add_group(planted.quota(), snapshot_id, {nodesize, nodesize}, true);
    add_group(planted.quota(), nested_id, {nested_bytes, nested_bytes}, true);
    add_group(planted.quota(), group_id, {sub_bytes + nodesize, sub_bytes + nodesize}, true);
    relate(planted.quota(), sub_id, group_id);
    relate(planted.quota(), snapshot_id, group_id);
    CHECK(planted.codes() == "");
    own(u64{4} << 30, 4096, nested_id, generation);
    CHECK(planted.codes() == "qgroup-count qgroup-count");
}

TEST_CASE("with simple quotas a group outlives its subvolume while anybody has what it has allocated") {
    Fixture planted;
    set_status(planted.quota(), btrfs::qgroup_status_on | btrfs::qgroup_status_simple_mode, generation - 3);
    const auto own = [&](u64 bytenr, u64 owner) {
        planted.trees[btrfs::extent_tree_id][{bytenr, type::extent_item, 4096}] =
            bytes_from(btrfs::ExtentItem{.refs = 1, .generation = generation, .flags = btrfs::extent_flag_data},
                       btrfs::InlineRef{.type = type::extent_owner_ref, .offset = owner});
    };
    own(u64{1} << 30, sub_id);
    const u64 sub_bytes = planted.sub_blocks * nodesize + 4096;
    const u64 nested_bytes = planted.nested_blocks * nodesize;
    add_group(planted.quota(), btrfs::fs_tree_id, {nodesize, nodesize}, true);
    add_group(planted.quota(), sub_id, {sub_bytes, sub_bytes}, true);
    add_group(planted.quota(), snapshot_id, {nodesize, nodesize}, true);
    add_group(planted.quota(), nested_id, {nested_bytes, nested_bytes}, true);
    constexpr u64 gone_id = 777;
    add_group(planted.quota(), gone_id, {0, 0}, true);
    CHECK(planted.codes() == "qgroup-stale");
    own(u64{4} << 30, gone_id);
    add_group(planted.quota(), gone_id, {4096, 4096}, true);
    CHECK(planted.codes() == "");
}

TEST_CASE("sets of subvolumes are the sets that they stand for") {
    for (const u32 root_count : {1U, 2U, 64U, 65U, 300U}) {
        survey::RootSets sets(root_count, 1'000'000);
        std::mt19937 random(root_count);
        std::map<std::set<u32>, survey::RootSets::Id> known = {{{}, survey::RootSets::empty}};
        for (u32 i = 0; i < root_count; ++i) {
            known[{i}] = sets.single(i);
        }
        for (unsigned i = 0; i < 500; ++i) {
            const auto pick = [&] { return *std::next(known.begin(), static_cast<long>(random() % known.size())); };
            const auto [one, one_id] = pick();
            const auto [other, other_id] = pick();
            auto both = one;
            both.insert(other.begin(), other.end());
            const auto id = sets.unite(one_id, other_id);
            const auto [at, is_new] = known.try_emplace(both, id);
            CHECK(at->second == id);
            const auto [third, third_id] = pick();
            const auto all_id = sets.unite_all({third_id, one_id, survey::RootSets::empty, other_id, one_id});
            CHECK(all_id == sets.unite(id, third_id));
        }
        const auto counts = sets.member_counts();
        const auto with = std::prev(known.end(), 1 + root_count / 2);
        const auto comparison = sets.compare_all(with->second);
        std::vector<u64> weights(sets.part_count());
        std::vector<u64> sums(root_count);
        for (const auto& [set, id] : known) {
            const auto members = sets.members(id);
            CHECK(std::set<u32>(members.begin(), members.end()) == set);
            CHECK(counts[id] == set.size());
            CHECK(sets.is_single(id) == (set.size() == 1));
            CHECK(comparison.within[id] == std::ranges::includes(with->first, set));
            CHECK(comparison.meets[id] ==
                  std::ranges::any_of(set, [&](u32 root) { return with->first.contains(root); }));
            weights[id] += id;
            for (const u32 root : set) {
                sums[root] += id;
            }
        }
        CHECK(sets.sum_by_root(weights) == sums);
        CHECK_FALSE(sets.has_overflowed());
    }
    survey::RootSets many(300, 1'000'000);
    std::vector<survey::RootSets::Id> singles;
    for (u32 i = 0; i < 300; i += 7) {
        singles.push_back(many.single(i));
    }
    const auto parts_before = many.part_count();
    const auto united = many.unite_all(singles);
    CHECK(many.members(united).size() == singles.size());
    CHECK(many.part_count() <= parts_before + 11); // 5 words, and what stands above them
    CHECK(many.unite_all({}) == survey::RootSets::empty);
    survey::RootSets small(300, 10);
    for (u32 i = 0; i < 300; ++i) {
        small.unite(small.single(i), small.single(0));
    }
    CHECK(small.has_overflowed());
}

TEST_CASE("extents that don't fit come in windows, each once and with all its subvolumes") {
    survey::RootSets sets(2, 100);
    std::map<u64, survey::RootSets::Id> expected;
    std::map<u64, survey::RootSets::Id> found;
    for (u64 from = 0; from != survey::SharedExtents::no_end;) {
        survey::SharedExtents window(sets, 8, from);
        std::mt19937 random(3);
        for (unsigned i = 0; i < 400; ++i) {
            const u64 address = random() % 100 * 4096;
            const auto root = sets.single(random() % 2);
            expected[address] = sets.unite(expected[address], root);
            window.add({.address = address, .detail = 1, .roots = root});
        }
        CHECK(window.settled().size() <= 8);
        for (const auto& extent : window.settled()) {
            CHECK(extent.address >= from);
            CHECK(found.emplace(extent.address, extent.roots).second);
        }
        from = window.end();
    }
    CHECK(found == expected);
}

} // namespace quota_test
