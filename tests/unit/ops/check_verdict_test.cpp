// SPDX-License-Identifier: MIT
// What a kernel will do with it.
#include "formats/btrfs/chunk.h"
#include "formats/btrfs/device.h"
#include "formats/btrfs/free_space.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/check/verdict.h"
#include "tests/support/open_filesystem.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_verdict_test {

using namespace btrkit;
using namespace btrkit::test;
using check::Mountable;

namespace type = btrfs::item_type;

namespace {

/// The verdict where these were found.
check::Mountability judge(TinyFilesystem& tiny, Problems problems) {
    const auto opened = open_filesystem(tiny);
    survey::Findings findings;
    findings.add(std::move(problems));
    return check::judge_mountability(findings, opened.filesystem).asked;
}
Mountable state_with(TinyFilesystem& tiny, Problem problem) {
    return judge(tiny, {std::move(problem)}).state;
}

Problem lost_root(const TinyFilesystem& tiny, u64 tree) {
    return lost_range(tiny.tree(tree).promise);
}
Problem lost_keys(u64 tree, const btrfs::Key& first, const btrfs::Key& end) {
    return lost_range({.address = {1 << 30}, .tree = tree, .first_key = first, .end = end});
}

check::MountAnswers answers_with(const EditedFilesystem& filesystem, Problem problem) {
    const auto opened = filesystem.open();
    survey::Findings findings;
    findings.add(std::move(problem));
    return check::judge_mountability(findings, opened);
}
/// Where the root block of a subvolume, which it shares with the top-level tree, can't be read in that one.
Mountable state_without_root(const EditedFilesystem& filesystem, u64 tree) {
    const auto address = filesystem.open().find_tree(btrfs::fs_tree_id)->block.address;
    return answers_with(filesystem, {ProblemCode::block_lost, {.logical = address, .tree = tree}, {}}).asked.state;
}

} // namespace

TEST_CASE("verdict: what is sound mounts, and so does what is damaged inside of files") {
    TinyFilesystem tiny;
    const auto sound = judge(tiny, {});
    CHECK(sound.state == Mountable::read_write);
    CHECK(sound.reason.empty());
    CHECK(state_with(tiny, {ProblemCode::inode_links, {.tree = 5}, {}}) == Mountable::read_write);
    const auto lost = judge(tiny, {lost_keys(300, {256, 1, 0}, {300, 1, 0})});
    CHECK(lost.state == Mountable::read_write);
    CHECK(lost.reason == "with errors where the damage is");
}

TEST_CASE("verdict: roots that are lost") {
    TinyFilesystem tiny;
    CHECK(state_with(tiny, lost_root(tiny, btrfs::root_tree_id)) == Mountable::refused);
    CHECK(state_with(tiny, lost_root(tiny, btrfs::fs_tree_id)) == Mountable::refused);
    CHECK(state_with(tiny, lost_root(tiny, tiny_subvolume_id)) == Mountable::read_write);
    const auto extents = judge(tiny, {lost_root(tiny, btrfs::extent_tree_id)});
    CHECK(extents.state == Mountable::read_only);
    CHECK(extents.reason.find("rescue=ibadroots") != std::string::npos);
    CHECK(extents.needs_rescue);
    CHECK(state_with(tiny, {ProblemCode::root_unreadable, {.tree = btrfs::csum_tree_id}, {}}) == Mountable::read_only);
}

TEST_CASE("verdict: of the other blocks only what is read at mount counts") {
    TinyFilesystem tiny;
    const u64 group = tiny.image.chunks().front().start.bytenr;
    CHECK(state_with(tiny, lost_keys(2, {group, 169, 0}, {group + 1, 0, 0})) == Mountable::read_only);
    CHECK(state_with(tiny, lost_keys(2, {group + 1, 169, 0}, {group + 2, 0, 0})) == Mountable::read_write);
    CHECK(state_with(tiny, lost_keys(btrfs::dev_tree_id, {1, 204, 0}, {1, 204, 9})) == Mountable::refused);
    CHECK(state_with(tiny, lost_keys(btrfs::csum_tree_id, {1, 128, 0}, {1, 128, 9})) == Mountable::read_write);
    CHECK(state_with(tiny, lost_keys(1, {1, 0, 0}, {3, 0, 0})) == Mountable::refused); // the extent tree's root item
    CHECK(state_with(tiny, lost_keys(1, {300, 0, 0}, {301, 0, 0})) == Mountable::read_write);
}

TEST_CASE("verdict: the kernel's tree-checker takes a leaf as a whole") {
    TinyFilesystem tiny;
    const auto& root = tiny.tree(btrfs::fs_tree_id);
    const auto of_leaf = [&](ProblemCode code, u64 address, u64 tree) {
        return state_with(tiny, {code, {.logical = Logical{address}, .tree = tree}, {}});
    };
    const auto* leaf = blocks_in_order(tiny.tree(btrfs::dev_tree_id), WalkOrder::leaves_only).front();
    CHECK(of_leaf(ProblemCode::item_dev, leaf->address(), btrfs::dev_tree_id) != Mountable::read_write);
    CHECK(of_leaf(ProblemCode::item_inode, root.address(), btrfs::fs_tree_id) == Mountable::refused);
    CHECK(of_leaf(ProblemCode::item_unknown_type, root.address(), btrfs::fs_tree_id) == Mountable::read_write);
}

TEST_CASE("verdict: the strongest reason is told") {
    TinyFilesystem tiny;
    const auto verdict = judge(tiny, {{ProblemCode::super_unknown_compat_ro, {}, {}},
                                      {ProblemCode::inode_links, {}, {}},
                                      {ProblemCode::root_default, {}, {}}});
    CHECK(verdict.state == Mountable::refused);
    CHECK(verdict.reason.find("subvolid=5") != std::string::npos);
}

TEST_CASE("verdict: a seed, unknown flags, a first superblock that is not valid") {
    TinyFilesystem tiny;
    tiny.image.super().flags = tiny.image.super().flags | btrfs::super_flag_seeding;
    CHECK(judge(tiny, {}).state == Mountable::read_only);
    tiny.image.super().flags = u64{1} << 50;
    CHECK(judge(tiny, {}).reason.find("rescue=all") != std::string::npos);
    TinyFilesystem other;
    const auto name = other.image.device(1)->name();
    CHECK(state_with(other, {ProblemCode::super_mirror_invalid,
                             {.device = name, .physical = btrfs::superblock_offsets[0]},
                             {}}) == Mountable::refused);
    CHECK(state_with(other, {ProblemCode::super_mirror_invalid,
                             {.device = name, .physical = btrfs::superblock_offsets[1]},
                             {}}) == Mountable::read_write);
}

TEST_CASE("verdict: missing devices, within what the profile can bear and beyond") {
    TinyFilesystem tiny(btrfs::block_group_raid1);
    auto devices = tiny.devices();
    devices.pop_back();
    const auto opened = open_filesystem(std::move(devices));
    const auto verdict = check::judge_mountability({}, opened.filesystem).asked;
    CHECK(verdict.state == Mountable::read_only);
    CHECK(verdict.reason.find("degraded") != std::string::npos);
    CHECK(!verdict.needs_rescue);
    TinyFilesystem striped(btrfs::block_group_raid0);
    auto half = striped.devices();
    if (half.size() > 1) {
        half.pop_back();
        CHECK(check::judge_mountability({}, open_filesystem(std::move(half)).filesystem).asked.state ==
              Mountable::refused);
    }
}

TEST_CASE("verdict: kernels differ, and the answer says for which one it is") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    survey::Findings findings;
    findings.add(
        Problem{.code = ProblemCode::item_free_space,
                .place = {.logical = Logical{tiny.tree(btrfs::dev_tree_id).address()}, .tree = btrfs::dev_tree_id},
                .detail = {},
                .refused_by = KernelTrait::checks_free_space_items});
    const auto newest = check::judge_mountability(findings, opened.filesystem);
    CHECK(newest.asked.kernel == KernelVersion::linux_7_3);
    CHECK(newest.asked.state != Mountable::read_write);
    REQUIRE(newest.others.size() == 2);
    CHECK(newest.others[0].state == Mountable::read_write);
    const auto older = check::judge_mountability(findings, opened.filesystem, KernelVersion::linux_6_18);
    CHECK(older.asked.state == Mountable::read_write);
    CHECK(older.others.size() == 1);
}

TEST_CASE("verdict: a balance of the data relocation tree, which kernels make and then refuse, is no damage") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    survey::Findings findings;
    findings.report(ProblemCode::reloc_tree,
                    {.key = btrfs::Key{btrfs::tree_reloc_id, btrfs::item_type::root_item, btrfs::data_reloc_tree_id}},
                    {});
    const auto answers = check::judge_mountability(findings, opened.filesystem);
    CHECK(answers.asked.state == Mountable::refused);
    CHECK(answers.asked.is_kernels_fault);
    CHECK(answers.others.empty());
}

TEST_CASE("verdict: kernels go on deleting a subvolume when they mount it, and need its root for that") {
    EditedFilesystem filesystem;
    constexpr u64 deleted_id = 300;
    filesystem.edit(btrfs::root_tree_id, [&](EditedFilesystem::Items& items) {
        const auto top = std::ranges::find(items, btrfs::Key{btrfs::fs_tree_id, type::root_item, 0}, &LeafItem::key);
        items.push_back({{deleted_id, type::root_item, 0}, top->data});
    });
    CHECK(state_without_root(filesystem, deleted_id) == Mountable::read_write);
    filesystem.edit(btrfs::root_tree_id, [&](EditedFilesystem::Items& items) {
        items.push_back({{btrfs::orphan_objectid, type::orphan_item, deleted_id}, {}});
    });
    CHECK(state_without_root(filesystem, deleted_id) == Mountable::read_only);
    CHECK(state_without_root(filesystem, deleted_id + 1) == Mountable::read_write);
}

TEST_CASE("verdict: what only btrkit has against an item keeps no kernel from its leaf") {
    EditedFilesystem filesystem;
    filesystem.edit_item<btrfs::DirItem>(btrfs::fs_tree_id, type::dir_index, [](btrfs::Key&, btrfs::DirItem& entry) {
        entry.location.type = btrfs::item_type::untyped;
    });
    const auto report = check_filesystem(filesystem.devices());
    CHECK(report.findings.any(ProblemCode::item_dir));
    CHECK(report.mountability.state == Mountable::read_write);
    CHECK(report.other_kernels.empty());
}

TEST_CASE("verdict: newer kernels refuse the extents of an inode number cache") {
    EditedFilesystem filesystem;
    const Problem cache{ProblemCode::inode_cache, {.tree = btrfs::fs_tree_id}, {}};
    CHECK(answers_with(filesystem, cache).asked.state == Mountable::read_write);
    filesystem.edit(btrfs::extent_tree_id, [](EditedFilesystem::Items& items) {
        auto& extent = *std::ranges::find(items, type::extent_item, [](const LeafItem& item) { return item.key.type; });
        auto ref = *view_at<btrfs::ExtentDataRef>(extent.data, sizeof(btrfs::ExtentItem) + 1);
        ref.objectid = btrfs::free_ino_objectid;
        std::memcpy(extent.data.data() + sizeof(btrfs::ExtentItem) + 1, &ref, sizeof(ref));
    });
    const auto answers = answers_with(filesystem, cache);
    CHECK(answers.asked.state == Mountable::read_only);
    REQUIRE(answers.others.size() == 1);
    CHECK(answers.others.front().kernel == KernelVersion::linux_6_1);
}

TEST_CASE("verdict: an empty bitmap brings older kernels down") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    survey::Findings findings;
    findings.add(Problem{
        .code = ProblemCode::item_free_space,
        .place = {.logical = Logical{1 << 30}, .tree = btrfs::free_space_tree_id, .key = btrfs::Key{1 << 20, 200, 0}},
        .detail = {},
        .refused_by = KernelTrait::checks_free_space_items});
    CHECK(check::judge_mountability(findings, opened.filesystem, KernelVersion::linux_6_18).asked.panics);
    CHECK(!check::judge_mountability(findings, opened.filesystem).asked.panics);
}

TEST_CASE("verdict: blocks that are not marked as written are refused, but by Linux 6.1") {
    EditedFilesystem filesystem;
    {
        const auto opened = filesystem.open();
        const OwnedBlock root(opened.reader(), opened.find_tree(btrfs::fs_tree_id)->block);
        Block changed = copy_of(root.view().bytes());
        auto& header = header_in(changed);
        header.flags = header.flags & ~btrfs::header_flag_written;
        seal_block(opened.geometry(), changed);
        filesystem.write(header.bytenr, changed);
    }
    const auto report = check_filesystem(filesystem.devices());
    CHECK(report.mountability.state == Mountable::refused);
    REQUIRE(report.other_kernels.size() == 1);
    CHECK(report.other_kernels.front().kernel == KernelVersion::linux_6_1);
    CHECK(report.other_kernels.front().state == Mountable::read_write);
}

TEST_CASE("verdict: of backup roots kernels leave out the newest, and one too many is none") {
    TinyFilesystem tiny;
    auto& super = tiny.image.super();
    const auto lost = lost_root(tiny, btrfs::root_tree_id);
    const auto backup_of = [&](std::size_t index, u64 generation) {
        auto& backup = super.backup_roots[index];
        backup.tree_root = super.root;
        backup.tree_root_gen = generation;
        backup.tree_root_level = super.root_level;
    };
    super.backup_roots = {};
    backup_of(2, super.generation);
    CHECK(judge(tiny, {lost}).state == Mountable::refused);
    // Where none is of the superblock's generation none is looked at.
    TinyFilesystem other;
    other.image.super().backup_roots[1].tree_root = other.image.super().root;
    CHECK(judge(other, {lost_root(other, btrfs::root_tree_id)}).state == Mountable::refused);
}

TEST_CASE("verdict: the flag of zoned devices, on extents that are no zones") {
    EditedFilesystem filesystem;
    filesystem.edit_super(
        [](btrfs::Superblock& super) { super.incompat_flags = super.incompat_flags | btrfs::incompat_zoned; });
    CHECK(check_filesystem(filesystem.devices()).mountability.state == Mountable::refused);
}

TEST_CASE("verdict: what a replay of the log needs") {
    TinyFilesystem tiny;
    const Problem missing{ProblemCode::free_space_info_missing, {}, {}};
    CHECK(state_with(tiny, missing) == Mountable::read_write);
    tiny.image.super().log_root = u64{1} << 20;
    const auto verdict = judge(tiny, {missing});
    CHECK(verdict.state == Mountable::read_only);
    CHECK(verdict.needs_rescue);
    CHECK(verdict.reason.find("rescue=nologreplay") != std::string::npos);
    CHECK(judge(tiny, {{ProblemCode::dir_index_differs, {.tree = btrfs::tree_log_id}, {}}}).needs_rescue);
    CHECK(state_with(tiny, {ProblemCode::dir_index_differs, {.tree = btrfs::fs_tree_id}, {}}) == Mountable::read_write);
    for (const auto& chunk : tiny.image.chunks()) {
        const btrfs::Key info{chunk.start.bytenr, type::free_space_info, chunk.length};
        const bool is_system = (chunk.type & btrfs::block_group_system) != 0;
        CHECK(state_with(tiny, {ProblemCode::free_space_count, {.key = info}, {}}) ==
              (is_system ? Mountable::read_write : Mountable::read_only));
    }
}

TEST_CASE("verdict: a group with other bitmaps than it says brings kernels down when they write") {
    EditedFilesystem filesystem;
    const Problem count{ProblemCode::free_space_count, {.tree = btrfs::free_space_tree_id}, {}};
    const auto panics = [&] { return answers_with(filesystem, count).asked.panics; };
    CHECK(!panics());
    filesystem.edit_item<btrfs::FreeSpaceInfo>(
        btrfs::free_space_tree_id, type::free_space_info,
        [](btrfs::Key&, btrfs::FreeSpaceInfo& info) { info.flags = btrfs::free_space_using_bitmaps; });
    CHECK(panics());
    btrfs::Key info;
    filesystem.edit(btrfs::free_space_tree_id, [&](EditedFilesystem::Items& items) {
        info = items.front().key;
        const auto is_in_group = [&](const LeafItem& item) {
            return item.key.type == type::free_space_extent && item.key.objectid < info.objectid + info.offset;
        };
        std::erase_if(items, is_in_group);
        items.push_back({{info.objectid, type::free_space_bitmap, info.offset / 2}, {}});
    });
    CHECK(panics());
    filesystem.edit(btrfs::free_space_tree_id, [&](EditedFilesystem::Items& items) {
        const u64 half = info.offset / 2;
        items.push_back({{info.objectid + half, type::free_space_bitmap, half}, {}});
    });
    CHECK(!panics());
    filesystem.edit_item<btrfs::FreeSpaceInfo>(btrfs::free_space_tree_id, type::free_space_info,
                                               [](btrfs::Key&, btrfs::FreeSpaceInfo& item) { item.flags = 0U; });
    CHECK(panics());
}

TEST_CASE("verdict: data on a device that has no item; older kernels rescue the rest") {
    EditedFilesystem filesystem;
    filesystem.edit(btrfs::chunk_tree_id, [](EditedFilesystem::Items& items) {
        for (auto& item : items) {
            const auto* chunk = view_at<btrfs::ChunkItem>(item.data);
            if (item.key.type == btrfs::item_type::chunk_item && (chunk->type & btrfs::block_group_data) != 0) {
                item.data[sizeof(btrfs::ChunkItem)] = std::byte{2}; // the devid of its first stripe
            }
        }
    });
    const auto of_data = check_filesystem(filesystem.devices());
    CHECK(of_data.mountability.state == Mountable::refused);
    REQUIRE(of_data.other_kernels.size() == 2);
    for (const auto& older : of_data.other_kernels) {
        CHECK(older.state == Mountable::read_only);
        CHECK(older.needs_rescue);
        CHECK(older.reason.find("rescue=all,degraded") != std::string::npos);
    }
}

TEST_CASE("verdict: a device item that is no item of its device") {
    EditedFilesystem filesystem;
    filesystem.edit_item<btrfs::DevItem>(btrfs::chunk_tree_id, btrfs::item_type::dev_item,
                                         [](btrfs::Key&, btrfs::DevItem& item) { ++item.uuid.bytes[0]; });
    CHECK(check_filesystem(filesystem.devices()).mountability.state == Mountable::refused);
}

TEST_CASE("verdict: how long a device is says its item in the chunk tree, not the superblock") {
    EditedFilesystem of_super;
    of_super.edit_super(
        [](btrfs::Superblock& super) { super.dev_item.total_bytes = super.dev_item.total_bytes + 4096; });
    CHECK(check_filesystem(of_super.devices()).mountability.state == Mountable::read_write);
    EditedFilesystem of_item;
    of_item.edit_item<btrfs::DevItem>(
        btrfs::chunk_tree_id, btrfs::item_type::dev_item,
        [](btrfs::Key&, btrfs::DevItem& item) { item.total_bytes = item.total_bytes + (1 << 20); });
    CHECK(check_filesystem(of_item.devices()).mountability.state == Mountable::refused);
}

TEST_CASE("verdict: a device that is there, but has no item: older kernels rescue it") {
    EditedFilesystem filesystem;
    filesystem.edit(btrfs::chunk_tree_id, [](EditedFilesystem::Items& items) {
        std::erase_if(items, [](const auto& item) { return item.key.type == btrfs::item_type::dev_item; });
    });
    const auto report = check_filesystem(filesystem.devices());
    CHECK(report.mountability.state == Mountable::refused);
    REQUIRE(report.other_kernels.size() == 2);
    CHECK(report.other_kernels.back().state == Mountable::read_only);
    CHECK(report.other_kernels.back().needs_rescue);
}

} // namespace check_verdict_test
