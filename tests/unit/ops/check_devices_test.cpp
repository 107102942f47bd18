// SPDX-License-Identifier: MIT
// Devices, chunks and superblock: each kind of damage gives its findings, and none gives none.
#include "formats/btrfs/item_types.h"
#include "libfs/survey/device_errors.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_devices_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Code = ProblemCode;
using Items = EditedFilesystem::Items;

const std::vector<Code> device_codes = {
    Code::super_value,        Code::device_truncated,    Code::super_total_bytes,
    Code::super_num_devices,  Code::device_item_missing, Code::device_item_differs,
    Code::device_size,        Code::device_bytes_used,   Code::device_errors,
    Code::sys_array_differs,  Code::chunk_missing,       Code::device_replace_unfinished,
    Code::stripe_device,      Code::dev_extent_missing,  Code::dev_extent_unfounded,
    Code::dev_extent_differs, Code::dev_extent_bounds,   Code::item_dev_extent_overlap,
    Code::item_misplaced,     Code::not_checked,
};

/// Behind everything that is on the device.
LeafItem extra_dev_extent(const EditedFilesystem& filesystem, u64 physical, u64 length) {
    auto items = filesystem.items(btrfs::dev_tree_id);
    LeafItem extra = item_of_type(items, type::dev_extent);
    extra.key.offset = physical;
    edit_body<btrfs::DevExtent>(extra, [&](auto& extent) {
        extent.chunk_offset = u64{1} << 40;
        extent.length = length;
    });
    return extra;
}

u64 device_size(const EditedFilesystem& filesystem) {
    return filesystem.devices().front()->size_bytes();
}

void edit_dev_item(EditedFilesystem& filesystem, const std::function<void(btrfs::DevItem&)>& change) {
    filesystem.edit_item<btrfs::DevItem>(btrfs::chunk_tree_id, type::dev_item,
                                         [&](btrfs::Key&, auto& item) { change(item); });
}

/// The chunk of a type, with the first stripe behind it.
struct ChunkAndStripe {
    btrfs::ChunkItem chunk;
    btrfs::StripeItem stripe;
};

void edit_chunk(EditedFilesystem& filesystem, u64 chunk_type, const std::function<void(ChunkAndStripe&)>& change) {
    filesystem.edit(btrfs::chunk_tree_id, [&](Items& items) {
        for (auto& item : items) {
            const auto* chunk = view_at<btrfs::ChunkItem>(item.data);
            if (item.key.type == type::chunk_item && (chunk->type & chunk_type) != 0) {
                edit_body<ChunkAndStripe>(item, change);
            }
        }
    });
}

void erase_type(EditedFilesystem& filesystem, u64 tree, u8 item_type) {
    filesystem.edit(tree, [&](Items& items) {
        std::erase_if(items, [&](const LeafItem& item) { return item.key.type == item_type; });
    });
}

} // namespace

TEST_CASE("check: what mkfs makes is clean") {
    const std::vector<FilesystemKind> kinds = {
        {},
        {.features = {"^block-group-tree"}},
        {.features = {"^free-space-tree"}},
        {.data_profile = "raid0", .metadata_profile = "raid1", .device_count = 2},
        {.data_profile = "raid5", .metadata_profile = "raid1c3", .device_count = 3},
        {.data_profile = "raid10", .metadata_profile = "raid10", .device_count = 4},
    };
    for (const auto& kind : kinds) {
        CAPTURE(kind.data_profile);
        const auto report = check_filesystem(EditedFilesystem(kind).devices());
        for (const auto& finding : report.findings.all()) {
            FAIL_CHECK(describe(finding.problem));
        }
    }
}

TEST_CASE("check: device extents") {
    check_each({}, device_codes,
               {
                   {"missing",
                    [](auto& filesystem) { erase_type(filesystem, btrfs::dev_tree_id, type::dev_extent); },
                    {Code::dev_extent_missing, Code::device_bytes_used}},
                   {"of no chunk",
                    [](auto& filesystem) {
                        const auto extra = extra_dev_extent(filesystem, device_size(filesystem) - 65536, 65536);
                        filesystem.edit(btrfs::dev_tree_id, [&](Items& items) { items.push_back(extra); });
                    },
                    {Code::dev_extent_unfounded, Code::device_bytes_used}},
                   {"beyond the device",
                    [](auto& filesystem) {
                        const auto extra = extra_dev_extent(filesystem, device_size(filesystem) - 65536, 131072);
                        filesystem.edit(btrfs::dev_tree_id, [&](Items& items) { items.push_back(extra); });
                    },
                    {Code::dev_extent_unfounded, Code::device_bytes_used, Code::dev_extent_bounds}},
                   {"of another length",
                    [](auto& filesystem) {
                        filesystem.template edit_item<btrfs::DevExtent>(
                            btrfs::dev_tree_id, type::dev_extent,
                            [](btrfs::Key&, auto& extent) { extent.length = extent.length - 4096; });
                    },
                    {Code::dev_extent_differs, Code::device_bytes_used}},
                   {"of another chunk",
                    [](auto& filesystem) {
                        filesystem.template edit_item<btrfs::DevExtent>(
                            btrfs::dev_tree_id, type::dev_extent,
                            [](btrfs::Key&, auto& extent) { extent.chunk_offset = u64{1} << 40; });
                    },
                    {Code::dev_extent_differs}},
               });
}

TEST_CASE("check: a device extent overlaps more than its neighbour") {
    EditedFilesystem filesystem;
    const u64 end = device_size(filesystem);
    filesystem.edit_item<btrfs::DevExtent>(
        btrfs::dev_tree_id, type::dev_extent, [&](btrfs::Key& key, auto& extent) { extent.length = end - key.offset; },
        1);
    const auto items = filesystem.items(btrfs::dev_tree_id);
    const auto is_extent = [](const LeafItem& item) { return item.key.type == type::dev_extent; };
    const auto count = std::ranges::count_if(items, is_extent);
    REQUIRE(count >= 4);
    const auto report = check_filesystem(filesystem.devices());
    CHECK(report.findings.count(Code::item_dev_extent_overlap) == static_cast<u64>(count) - 2);
}

TEST_CASE("check: device items") {
    check_each({}, device_codes,
               {
                   {"bytes_used",
                    [](auto& filesystem) {
                        edit_dev_item(filesystem, [](auto& item) { item.bytes_used = item.bytes_used - 65536; });
                    },
                    {Code::device_bytes_used, Code::device_item_differs}},
                   {"unaligned size",
                    [](auto& filesystem) {
                        edit_dev_item(filesystem, [](auto& item) { item.total_bytes = item.total_bytes - 512; });
                    },
                    {Code::device_size, Code::device_item_differs, Code::super_total_bytes}},
                   {"larger than the device",
                    [](auto& filesystem) {
                        edit_dev_item(filesystem, [](auto& item) { item.total_bytes = item.total_bytes + 65536; });
                    },
                    {Code::device_truncated, Code::device_item_differs, Code::super_total_bytes}},
                   {"larger than the device, as opening has told",
                    [](auto& filesystem) {
                        edit_dev_item(filesystem, [](auto& item) { item.total_bytes = item.total_bytes + 65536; });
                        filesystem.edit_super([](auto& super) {
                            super.dev_item.total_bytes = super.dev_item.total_bytes + 65536;
                            super.total_bytes = super.total_bytes + 65536;
                        });
                    },
                    {}},
                   {"missing",
                    [](auto& filesystem) { erase_type(filesystem, btrfs::chunk_tree_id, type::dev_item); },
                    {Code::device_item_missing, Code::super_num_devices, Code::super_total_bytes}},
                   {"of the superblock",
                    [](auto& filesystem) { filesystem.edit_super([](auto& super) { super.dev_item.io_width = 512; }); },
                    {Code::device_item_differs}},
                   {"error counters",
                    [](auto& filesystem) {
                        filesystem.template edit_item<btrfs::DevStatsItem>(
                            btrfs::dev_tree_id, type::persistent_item,
                            [](btrfs::Key&, auto& stats) { stats.read_errs = 3; });
                    },
                    {Code::device_errors}},
               });
}

TEST_CASE("the errors that kernels have counted of a device are read by its id") {
    EditedFilesystem filesystem;
    CHECK(survey::device_errors_text(*survey::read_device_errors(filesystem.open(), 1).value()).empty());
    filesystem.edit_item<btrfs::DevStatsItem>(btrfs::dev_tree_id, type::persistent_item, [](btrfs::Key&, auto& stats) {
        stats.read_errs = 3;
        stats.generation_errs = 1;
    });
    CHECK(survey::device_errors_text(*survey::read_device_errors(filesystem.open(), 1).value()) ==
          "read_errs 3, generation_errs 1");
    CHECK(!survey::read_device_errors(filesystem.open(), 2).value());
    // Kernels of old knew fewer.
    CHECK(survey::device_errors_of(as_bytes_of(btrfs::le64{7})).write_errs == 7);
    filesystem.lose(btrfs::dev_tree_id);
    CHECK(!survey::read_device_errors(filesystem.open(), 1));
}

TEST_CASE("check: replacement of a device") {
    const auto with_state = [](u64 state) {
        return [state](EditedFilesystem& filesystem) {
            filesystem.edit(btrfs::dev_tree_id, [&](Items& items) {
                items.push_back({{0, type::dev_replace, 0},
                                 bytes_from(btrfs::DevReplaceItem{.src_devid = 1, .replace_state = state})});
            });
        };
    };
    check_each({}, device_codes,
               {{"started", with_state(1), {Code::device_replace_unfinished}},
                {"finished", with_state(2), {}},
                {"suspended", with_state(4), {Code::device_replace_unfinished}}});
}

TEST_CASE("check: chunks") {
    check_each({}, device_codes,
               {
                   {"stripe with a wrong uuid",
                    [](auto& filesystem) {
                        edit_chunk(filesystem, btrfs::block_group_data,
                                   [](ChunkAndStripe& chunk) { chunk.stripe.dev_uuid.bytes[3] ^= 1; });
                    },
                    {Code::stripe_device}},
                   {"differs from the superblock's",
                    [](auto& filesystem) {
                        edit_chunk(filesystem, btrfs::block_group_system,
                                   [](ChunkAndStripe& chunk) { chunk.chunk.io_align = 512; });
                    },
                    {Code::sys_array_differs}},
                   {"missing in the superblock",
                    [](auto& filesystem) {
                        edit_chunk(filesystem, btrfs::block_group_data,
                                   [](ChunkAndStripe& chunk) { chunk.chunk.type = btrfs::block_group_system; });
                    },
                    {Code::chunk_missing}},
                   {"missing in the tree",
                    [](auto& filesystem) {
                        filesystem.edit(btrfs::chunk_tree_id, [](Items& items) {
                            std::erase_if(items, [](const LeafItem& item) {
                                const auto* chunk = view_at<btrfs::ChunkItem>(item.data);
                                return item.key.type == type::chunk_item &&
                                       (chunk->type & btrfs::block_group_system) != 0;
                            });
                        });
                    },
                    {Code::chunk_missing, Code::dev_extent_unfounded}},
               });
}

TEST_CASE("check: items that stand in the wrong tree") {
    const auto stray = [](u64 tree) {
        return [tree](EditedFilesystem& filesystem) {
            filesystem.edit(tree, [](Items& items) { items.push_back({{5, type::orphan_item, 7}}); });
        };
    };
    check_each({}, device_codes,
               {{"device tree", stray(btrfs::dev_tree_id), {Code::item_misplaced}},
                {"chunk tree", stray(btrfs::chunk_tree_id), {Code::item_misplaced}}});
}

TEST_CASE("check: superblock") {
    using Super = btrfs::Superblock;
    const auto change = [](std::function<void(Super&)> edit) {
        return [edit](EditedFilesystem& filesystem) { filesystem.edit_super(edit); };
    };
    check_each(
        {}, device_codes,
        {
            {"num_devices", change([](Super& super) { super.num_devices = 2; }), {Code::super_num_devices}},
            {"total_bytes",
             change([](Super& super) { super.total_bytes = super.total_bytes - 65536; }),
             {Code::super_total_bytes}},
            {"root_dir", change([](Super& super) { super.root_dir_objectid = 7; }), {Code::super_value}},
            {"label",
             change([](Super& super) {
                 super.label[3] = '\n';
                 super.label.front() = 'a';
             }),
             {}},
            {"label with a line break", change([](Super& super) { super.label.front() = '\n'; }), {Code::super_value}},
            {"label without end", change([](Super& super) { super.label.fill('x'); }), {Code::super_value}},
            {"cache_generation", change([](Super& super) { super.cache_generation = 9; }), {Code::super_value}},
            {"no cache", change([](Super& super) { super.cache_generation = ~u64{0}; }), {}},
            {"uuid_tree_generation", change([](Super& super) { super.uuid_tree_generation = 9; }), {Code::super_value}},
            {"backup", change([](Super& super) { super.backup_roots[2].tree_root_gen = 99; }), {Code::super_value}},
            {"flags",
             change([](Super& super) { super.flags = super.flags | btrfs::flag_bit(50); }),
             {Code::super_value}},
            {"block groups need free space",
             change([](Super& super) { super.incompat_flags = super.incompat_flags & ~btrfs::incompat_no_holes; }),
             {Code::super_value}},
        });
}

TEST_CASE("check: a missing device is no damage to the others") {
    EditedFilesystem filesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    auto devices = filesystem.devices();
    devices.pop_back();
    found_exactly(check_filesystem(std::move(devices)).findings, device_codes, {});
}

TEST_CASE("check: what a lost device tree said is not missed") {
    check_each({}, device_codes,
               {{"lost", [](auto& filesystem) { filesystem.lose(btrfs::dev_tree_id); }, {Code::not_checked}}});
}

} // namespace check_devices_test
