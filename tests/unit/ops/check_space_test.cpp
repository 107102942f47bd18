// SPDX-License-Identifier: MIT
// Block groups, free space and raid stripes: each kind of damage gives its findings, and none gives none.
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_space_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Code = ProblemCode;
using Items = EditedFilesystem::Items;

constexpr u64 sector = 4096;

const std::vector<Code> space_codes = {
    Code::block_group_missing,     Code::block_group_unfounded, Code::block_group_differs,
    Code::block_group_profile,     Code::block_group_used,      Code::super_bytes_used,
    Code::free_space_unfounded,    Code::free_space_count,      Code::free_space_missing,
    Code::free_space_info_missing, Code::free_space_used,       Code::free_space_split,
    Code::free_space_not_valid,    Code::space_cache,           Code::item_free_space,
    Code::raid_stripe_missing,     Code::raid_stripe_unfounded, Code::item_raid_stripe,
    Code::item_misplaced,
};

void erase_item(Items& items, u8 item_type) {
    const LeafItem* item = &item_of_type(items, item_type);
    items.erase(items.begin() + (item - items.data()));
}

/// Both where block groups have a tree of their own and where they stand in the extent tree.
void check_block_groups(const std::function<std::vector<Damage>(u64 tree)>& damages) {
    check_each({}, space_codes, damages(btrfs::block_group_tree_id));
    check_each({.features = {"^block-group-tree"}}, space_codes, damages(btrfs::extent_tree_id));
}

/// A change of the free space tree.
std::function<void(EditedFilesystem&)> edit_free(std::function<void(Items&)> change) {
    return [change](EditedFilesystem& filesystem) { filesystem.edit(btrfs::free_space_tree_id, change); };
}

std::function<void(EditedFilesystem&)> edit_info(std::function<void(btrfs::FreeSpaceInfo&)> change) {
    return edit_free([change](Items& items) {
        edit_body<btrfs::FreeSpaceInfo>(item_of_type(items, type::free_space_info), change);
    });
}

/// Takes sectors away from the front of the first free range.
void shrink_first_range(Items& items, u64 sectors) {
    btrfs::Key& key = item_of_type(items, type::free_space_extent).key;
    key.objectid += sectors * sector;
    key.offset -= sectors * sector;
}

/// Parts a block group's extents into bitmaps of the largest size.
void turn_into_bitmaps(Items& items) {
    const btrfs::Key group = item_of_type(items, type::free_space_info).key;
    edit_body<btrfs::FreeSpaceInfo>(item_of_type(items, type::free_space_info),
                                    [](auto& info) { info.flags = u32{btrfs::free_space_using_bitmaps}; });
    constexpr u64 bitmap_bytes = btrfs::free_space_bitmap_size * 8 * sector;
    for (u64 start = group.objectid; start < group.objectid + group.offset; start += bitmap_bytes) {
        const u64 length = std::min(bitmap_bytes, group.objectid + group.offset - start);
        LeafItem bitmap = {{start, type::free_space_bitmap, length}, std::vector<std::byte>((length / sector + 7) / 8)};
        for (const auto& item : items) {
            for (u64 at = item.key.objectid;
                 item.key.type == type::free_space_extent && at < item.key.objectid + item.key.offset; at += sector) {
                if (at >= start && at < start + length) {
                    const u64 bit = (at - start) / sector;
                    bitmap.data[bit / 8] |= std::byte{1} << (bit % 8);
                }
            }
        }
        items.push_back(std::move(bitmap));
    }
    std::erase_if(items, [&](const LeafItem& item) {
        return item.key.type == type::free_space_extent && item.key.objectid >= group.objectid &&
               item.key.objectid < group.objectid + group.offset;
    });
}

LeafItem& first_bitmap(Items& items) {
    return item_of_type(items, type::free_space_bitmap);
}

} // namespace

TEST_CASE("check: block groups") {
    using Group = btrfs::BlockGroupItem;
    check_block_groups([](u64 tree) -> std::vector<Damage> {
        return {
            {"missing",
             [=](auto& filesystem) {
                 filesystem.edit(tree, [](Items& items) { erase_item(items, type::block_group_item); });
             },
             {Code::block_group_missing}},
            {"of no chunk",
             [=](auto& filesystem) {
                 filesystem.edit(tree, [](Items& items) {
                     LeafItem group = item_of_type(items, type::block_group_item);
                     group.key.objectid = u64{1} << 40;
                     items.push_back(group);
                 });
             },
             {Code::block_group_unfounded}},
            {"of another length",
             [=](auto& filesystem) {
                 filesystem.template edit_item<Group>(tree, type::block_group_item,
                                                      [](btrfs::Key& key, auto&) { key.offset -= sector; });
             },
             {Code::block_group_differs}},
            {"of another profile",
             [=](auto& filesystem) {
                 filesystem.template edit_item<Group>(tree, type::block_group_item, [](btrfs::Key&, Group& group) {
                     group.flags = group.flags ^ btrfs::block_group_dup;
                 });
             },
             {Code::block_group_profile}},
            {"two of one chunk",
             [=](auto& filesystem) {
                 filesystem.edit(tree, [](Items& items) {
                     LeafItem group = item_of_type(items, type::block_group_item);
                     group.key.offset += sector;
                     items.push_back(group);
                 });
             },
             {Code::block_group_differs}},
            {"used",
             [=](auto& filesystem) {
                 filesystem.template edit_item<Group>(
                     tree, type::block_group_item, [](btrfs::Key&, Group& group) { group.used = group.used + sector; });
             },
             {Code::block_group_used}},
            {"bytes_used of the superblock",
             [](auto& filesystem) {
                 filesystem.edit_super([](auto& super) { super.bytes_used = super.bytes_used + sector; });
             },
             {Code::super_bytes_used}},
        };
    });
}

TEST_CASE("check: block groups in both trees") {
    check_each({}, space_codes,
               {{"left over",
                 [](auto& filesystem) {
                     auto groups = filesystem.items(btrfs::block_group_tree_id);
                     filesystem.edit(btrfs::extent_tree_id, [&](Items& items) { items.push_back(groups.front()); });
                 },
                 {Code::block_group_unfounded}}});
}

TEST_CASE("check: free space tree") {
    check_each(
        {}, space_codes,
        {
            {"info missing",
             edit_free([](Items& items) { erase_item(items, type::free_space_info); }),
             {Code::free_space_info_missing}},
            {"nothing about a block group",
             edit_free([](Items& items) {
                 const auto group = item_of_type(items, type::free_space_info).key;
                 std::erase_if(items,
                               [&](const LeafItem& item) { return item.key.objectid < group.objectid + group.offset; });
             }),
             {Code::free_space_info_missing}},
            {"of no block group",
             edit_free([](Items& items) {
                 items.push_back({{u64{1} << 40, type::free_space_info, u64{8} << 20},
                                  bytes_from(btrfs::FreeSpaceInfo{.extent_count = 1})});
                 items.push_back({{u64{1} << 40, type::free_space_extent, u64{8} << 20}});
             }),
             {Code::free_space_unfounded}},
            {"info of another length",
             edit_free([](Items& items) { item_of_type(items, type::free_space_info).key.offset += sector; }),
             {Code::free_space_unfounded, Code::free_space_info_missing}},
            {"count",
             edit_info([](auto& info) { info.extent_count = info.extent_count + 1; }),
             {Code::free_space_count}},
            {"not recorded", edit_free([](Items& items) { shrink_first_range(items, 3); }), {Code::free_space_missing}},
            {"split",
             edit_free([](Items& items) {
                 LeafItem rest = item_of_type(items, type::free_space_extent);
                 shrink_first_range(items, 2);
                 rest.key.offset = 2 * sector;
                 items.push_back(rest);
             }),
             {Code::free_space_split, Code::free_space_count}},
            {"not valid",
             [](auto& filesystem) {
                 edit_free([](Items& items) { shrink_first_range(items, 3); })(filesystem);
                 filesystem.edit_super([](auto& super) {
                     super.compat_ro_flags = super.compat_ro_flags & ~btrfs::compat_ro_free_space_tree_valid;
                 });
             },
             {Code::free_space_not_valid}},
            {"lost", [](auto& filesystem) { filesystem.lose(btrfs::free_space_tree_id); }, {}},
            {"strange item",
             edit_free([](Items& items) { items.push_back({{5, type::orphan_item, 7}}); }),
             {Code::item_misplaced}},
        });
}

TEST_CASE("check: used space that is recorded as free") {
    EditedFilesystem filesystem;
    const auto extent = filesystem.data_extent().key;
    filesystem.edit(btrfs::free_space_tree_id,
                    [&](Items& items) { items.push_back({{extent.objectid, type::free_space_extent, sector}}); });
    const auto report = check_filesystem(filesystem.devices());
    found_exactly(report.findings, space_codes, {Code::free_space_used, Code::free_space_count});
    for (const auto& finding : report.findings.all()) {
        if (finding.problem.code == Code::free_space_used) {
            CHECK(finding.problem.place.logical == Logical{extent.objectid});
            CHECK(finding.problem.place.length == sector);
        }
    }
}

TEST_CASE("check: free space in bitmaps") {
    check_each({}, space_codes,
               {
                   {"right", edit_free(turn_into_bitmaps), {}},
                   {"a free sector is missing",
                    edit_free([](Items& items) {
                        turn_into_bitmaps(items);
                        first_bitmap(items).data.back() ^= std::byte{0x80};
                    }),
                    {Code::free_space_missing}},
                   {"a used sector is free",
                    edit_free([](Items& items) {
                        turn_into_bitmaps(items);
                        first_bitmap(items).data.front() ^= std::byte{1};
                    }),
                    {Code::free_space_used, Code::free_space_count}},
                   {"of another kind",
                    edit_free([](Items& items) {
                        turn_into_bitmaps(items);
                        edit_body<btrfs::FreeSpaceInfo>(item_of_type(items, type::free_space_info),
                                                        [](auto& info) { info.flags = 0; });
                    }),
                    {Code::item_free_space}},
               });
}

TEST_CASE("check: nothing is told of space whose extents were lost") {
    check_each({}, space_codes,
               {{"extent tree", [](auto& filesystem) { filesystem.lose(btrfs::extent_tree_id); }, {}}});
}

namespace {

const FilesystemKind two_copies = {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2};

/// A raid stripe for all data, at the cost of the uuid tree.
Items stripes_for_data(const EditedFilesystem& filesystem) {
    Items stripes;
    for (const auto& item : filesystem.items(btrfs::extent_tree_id)) {
        const auto* extent = view_at<btrfs::ExtentItem>(item.data);
        if (item.key.type == type::extent_item && (extent->flags & btrfs::extent_flag_data) != 0) {
            stripes.push_back({{item.key.objectid, type::raid_stripe, item.key.offset},
                               bytes_from(btrfs::RaidStride{.devid = 1, .physical = u64{1} << 20},
                                          btrfs::RaidStride{.devid = 2, .physical = u64{1} << 20})});
        }
    }
    return stripes;
}

std::function<void(EditedFilesystem&)> with_stripes(std::function<void(Items&)> change) {
    return [change](EditedFilesystem& filesystem) {
        auto stripes = stripes_for_data(filesystem);
        REQUIRE(!stripes.empty());
        change(stripes);
        filesystem.replace_tree(btrfs::uuid_tree_id, btrfs::raid_stripe_tree_id, stripes);
        filesystem.edit_super(
            [](auto& super) { super.incompat_flags = super.incompat_flags | btrfs::incompat_raid_stripe_tree; });
    };
}

} // namespace

TEST_CASE("check: raid stripes") {
    check_each(two_copies, space_codes,
               {
                   {"right", with_stripes([](Items&) {}), {}},
                   {"missing",
                    with_stripes([](Items& items) { items.front().key.offset -= sector; }),
                    {Code::raid_stripe_missing}},
                   {"of no data",
                    with_stripes([](Items& items) {
                        items.push_back(items.back());
                        items.back().key.objectid += u64{1} << 30;
                    }),
                    {Code::raid_stripe_unfounded}},
                   {"on no device",
                    with_stripes([](Items& items) {
                        edit_body<btrfs::RaidStride>(items.front(), [](auto& stride) { stride.devid = 7; });
                    }),
                    {Code::item_raid_stripe}},
               });
}

} // namespace check_space_test
