// SPDX-License-Identifier: MIT
// How full a filesystem is, and the map of it: sums that must agree on every kind of filesystem, and what must not stop
// it.
#include "formats/btrfs/item_types.h"
#include "libfs/ops/usage/map/map.h"
#include "libfs/space/free_space.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <cmath>

#include <doctest/doctest.h>

namespace usage_space_test {

using namespace btrkit;
using namespace btrkit::test;
using usage::MapReport;
using usage::SizeClasses;
using usage::SpaceReport;

namespace {

const std::vector<FilesystemKind> kinds = {
    {},
    {.features = {"block-group-tree"}},
    {.data_profile = "single", .metadata_profile = "single", .nodesize_bytes = 4096, .mixed = true},
    {.data_profile = "raid0", .metadata_profile = "raid1", .device_count = 2},
    {.data_profile = "raid10", .metadata_profile = "raid1c3", .device_count = 4},
    {.data_profile = "raid5", .metadata_profile = "raid1", .device_count = 3},
    {.data_profile = "raid6", .metadata_profile = "raid1c4", .device_count = 4, .slack_bytes = 80 * mib},
};

SpaceReport measure(const Filesystem& filesystem, const RunContext& context = {}) {
    auto report = usage::measure_space(filesystem, context);
    REQUIRE(report.has_value());
    return std::move(*report);
}

MapReport draw(const Filesystem& filesystem, const usage::MapOptions& options = {}) {
    auto report = usage::draw_map(filesystem, options, {});
    REQUIRE(report.has_value());
    return std::move(*report);
}

/// Bytes of block groups of that profile that belong to superblocks.
u64 superblock_bytes(const Filesystem& filesystem, u64 flags) {
    u64 bytes = 0;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        bytes += chunk.type == flags ? super_stripes(chunk).length() : 0;
    }
    return bytes;
}

bool is_close(double one, double other) {
    return std::abs(one - other) <= 1 + 1e-9 * std::max(one, other);
}

} // namespace

TEST_CASE("usage of space: extents say what block groups say, and the rest is free") {
    for (const auto& kind : kinds) {
        CAPTURE(kind.data_profile);
        EditedFilesystem edited(kind);
        const auto filesystem = edited.open();
        const auto report = measure(filesystem);
        CHECK(report.is_complete);
        u64 counted = 0;
        for (const auto& profile : report.profiles) {
            CHECK(profile.counted_bytes == profile.used_bytes);
            CHECK(profile.counted_bytes + profile.free.bytes() + superblock_bytes(filesystem, profile.flags) ==
                  profile.total_bytes);
            counted += profile.counted_bytes;
        }
        CHECK(counted == u64{filesystem.super().bytes_used});
        CHECK(report.data_bytes + report.metadata_bytes == counted);
        u64 tree_bytes = 0;
        for (const auto& [tree, bytes] : report.bytes_of_tree) {
            tree_bytes += bytes;
        }
        CHECK(tree_bytes == report.metadata_bytes);
        // What block groups say alone.
        const auto stated = usage::read_stated_space(filesystem, {});
        REQUIRE(stated.has_value());
        CHECK(stated->is_complete);
        CHECK(stated->overall.used_bytes == report.overall.used_bytes);
        CHECK(stated->overall.free_estimated_bytes == report.overall.free_estimated_bytes);
        REQUIRE(stated->profiles.size() == report.profiles.size());
        for (std::size_t i = 0; i < stated->profiles.size(); ++i) {
            CHECK(stated->profiles[i].used_bytes == report.profiles[i].used_bytes);
        }
        REQUIRE(report.devices.size() == kind.device_count);
        for (const auto& device : report.devices) {
            CHECK(device.unallocated_bytes() >= 0);
            CHECK(device.device_bytes >= device.size_bytes);
        }
        CHECK(measure(filesystem, {.parallelism = {.threads = 2}}).overall.used_bytes == report.overall.used_bytes);
    }
}

TEST_CASE("usage map: cells have in sum what devices have") {
    for (const auto& kind : kinds) {
        CAPTURE(kind.data_profile);
        EditedFilesystem edited(kind);
        const auto filesystem = edited.open();
        const auto report = draw(filesystem);
        REQUIRE(report.devices.size() == kind.device_count);
        double used = 0;
        for (std::size_t i = 0; i < report.devices.size(); ++i) {
            double allocated = 0;
            for (const auto& cell : report.devices[i].cells) {
                allocated += cell.allocated_bytes();
                used += cell.used_bytes;
                CHECK(cell.used_bytes <= cell.allocated_bytes() + 1);
                CHECK(cell.allocated_bytes() <= static_cast<double>(report.devices[i].cell_bytes) + 1);
            }
            CHECK(is_close(allocated, static_cast<double>(report.space.devices[i].allocated_bytes)));
            CHECK(std::ranges::any_of(report.devices[i].cells, &usage::MapCell::has_superblock));
        }
        CHECK(std::abs(used - static_cast<double>(report.space.overall.used_bytes)) < 8);
        CHECK(report.most_pieces > 0);
    }
}

TEST_CASE("usage map: damage is marked in all copies, in one, or on a device") {
    EditedFilesystem edited({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    const auto filesystem = edited.open();
    const u64 extent = edited.data_extent().key.objectid;
    const auto count = [&](const usage::DamagedPlace& place) {
        const auto report = draw(filesystem, {.damages = {place}});
        std::vector<u64> found;
        for (const auto& device : report.devices) {
            found.push_back(0);
            for (const auto& cell : device.cells) {
                found.back() += cell.damage_count;
            }
        }
        found.push_back(report.unplaced_damage_count);
        return found;
    };
    CHECK(count({.logical = extent}) == std::vector<u64>{1, 1, 0});
    CHECK(count({.logical = extent, .mirror = 2}) == std::vector<u64>{0, 1, 0});
    CHECK(count({.logical = extent, .length_bytes = ~u64{0}, .mirror = 1})[0] > 1);
    CHECK(count({.logical = 5}) == std::vector<u64>{0, 0, 1});
    CHECK(count({.logical = ~u64{0}, .mirror = 77}) == std::vector<u64>{0, 0, 1});
    const auto path = draw(filesystem).devices[1].path;
    CHECK(count({.device = path, .physical = 65536}) == std::vector<u64>{0, 1, 0});
    CHECK(count({.device = path, .physical = ~u64{0}}) == std::vector<u64>{0, 0, 1});
    CHECK(count({}) == std::vector<u64>{0, 0, 1});
}

TEST_CASE("usage of space: without an extent tree, what is free is not known") {
    EditedFilesystem edited;
    SUBCASE("its block can't be read") {
        edited.lose(btrfs::extent_tree_id);
    }
    SUBCASE("it has no root item") {
        edited.edit(btrfs::root_tree_id, [](EditedFilesystem::Items& items) {
            std::erase_if(items, [](const LeafItem& item) { return item.key.objectid == btrfs::extent_tree_id; });
        });
    }
    Problems told;
    const auto report = measure(edited.open(), {.problems = [&](const Problem& problem) { told.push_back(problem); }});
    CHECK_FALSE(report.is_complete);
    CHECK(told.size() <= 1);
    CHECK(report.profiles.size() == 3);
    for (const auto& profile : report.profiles) {
        CHECK(profile.free.bytes() == 0);
    }
}

TEST_CASE("usage of space: impossible sizes of devices and extents do no harm") {
    EditedFilesystem edited;
    edited.edit_item<btrfs::DevItem>(btrfs::chunk_tree_id, btrfs::item_type::dev_item,
                                     [](btrfs::Key&, btrfs::DevItem& item) { item.total_bytes = ~u64{0} - 5; });
    edited.edit(btrfs::extent_tree_id, [](EditedFilesystem::Items& items) {
        auto& extent = item_of_type(items, btrfs::item_type::extent_item);
        extent.key.offset = ~u64{0} - 4095;
    });
    const auto filesystem = edited.open();
    const auto report = measure(filesystem);
    CHECK(report.overall.size_bytes == ~u64{0} - 5);
    for (const auto& profile : report.profiles) {
        CHECK(profile.counted_bytes <= profile.total_bytes); // though extents overlap
    }
    CHECK(draw(filesystem).devices[0].cells.size() <= 2048);
}

TEST_CASE("size classes: each size has one, and borders belong to the class above") {
    SizeClasses classes;
    for (const u64 size : {u64{4096}, u64{16383}, u64{16384}, u64{65535}, u64{65536}, u64{1} << 30, u64{1} << 40}) {
        classes.add(size);
    }
    CHECK(classes.classes()[0].count == 2);
    CHECK(classes.classes()[1].count == 2);
    CHECK(classes.classes()[2].count == 1);
    CHECK(classes.classes()[SizeClasses::class_count - 1].count == 2);
    CHECK(SizeClasses::end_of(8) == u64{1} << 30);
    CHECK(classes.largest_bytes() == u64{1} << 40);
    for (std::size_t number = 0; number + 1 < SizeClasses::class_count; ++number) {
        SizeClasses one;
        one.add(SizeClasses::end_of(number));
        CHECK(one.classes()[number + 1].count == 1);
        SizeClasses below;
        below.add(SizeClasses::end_of(number) - 1);
        CHECK(below.classes()[number].count == 1);
    }
}

} // namespace usage_space_test
