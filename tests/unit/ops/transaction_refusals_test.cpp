// SPDX-License-Identifier: MIT
// Filesystems that are not to be changed, each with what a change would lose or build upon: the change is refused, says
// why, and not one byte of a device is another.
#include "formats/btrfs/balance.h"
#include "formats/btrfs/block_group.h"
#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/commit/commit.h"
#include "tests/support/device_layer.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace transaction_refusals_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

/// The smallest change that takes space for data and for tree blocks, proof and all.
Result<void> change(const Filesystem& filesystem, const WritableDevices& devices) {
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, {}));
    transaction.set_label("changed");
    BTRKIT_TRY_ASSIGN(const Range taken, transaction.take_data(4096, true));
    transaction.bear_data(btrfs::fs_tree_id, taken);
    BTRKIT_TRY(commit::run(transaction, devices, {}, {}));
    return {};
}

void check_refused(const Result<void>& done, const DeviceLayer& layer, std::string_view says, ErrorKind kind) {
    CHECK(layer.changes().empty());
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().message.contains(says));
    CHECK(done.error().kind == kind);
}

/// Refused on all of its devices, or on those that are given at all.
void check_refused(const EditedFilesystem& edited, std::string_view says, ErrorKind kind = ErrorKind::refused,
                   std::size_t given_count = 9) {
    CAPTURE(says);
    const auto below = edited.devices();
    std::vector<const BlockDevice*> given;
    for (const auto& device : below) {
        if (given.size() < given_count) {
            given.push_back(device.get());
        }
    }
    const DeviceLayer layer(given);
    const auto filesystem = Filesystem::open(views_of(layer.readable()), {}, [](const Problem&) {});
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    WritableDevices devices;
    for (auto* device : layer.list()) {
        devices[devices.size() + 1] = device;
    }
    check_refused(change(*filesystem, devices), layer, says, kind);
}

const FilesystemKind mirrored = {
    .data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 80 * mib};

EditedFilesystem with_super(const FilesystemKind& kind, const std::function<void(btrfs::Superblock&)>& edit) {
    EditedFilesystem filesystem(kind);
    filesystem.edit_super(edit);
    return filesystem;
}

EditedFilesystem with_item(u64 tree, const btrfs::Key& key, Bytes body) {
    EditedFilesystem filesystem;
    filesystem.edit(tree, [&](auto& items) { items.push_back({key, copy_of(body)}); });
    return filesystem;
}

} // namespace

TEST_CASE("A filesystem that nothing speaks against is changed") {
    const EditedFilesystem filesystem(mirrored);
    CHECK(change(filesystem.open(), filesystem.writable()));
    CHECK(filesystem.open().super().label[0] == 'c');
}

TEST_CASE("A seed is not changed, nor what can only be read, nor what a log waits for") {
    check_refused(with_super({}, [](auto& super) { super.flags = super.flags | btrfs::super_flag_seeding; }), "a seed");
    check_refused(with_super({}, [](auto& super) { super.log_root = u64{super.root}; }), "a log waits");
    check_refused(
        with_super({},
                   [](auto& super) { super.incompat_flags = super.incompat_flags | btrfs::incompat_raid_stripe_tree; }),
        "a raid stripe tree");
}

TEST_CASE("A filesystem is changed on all its devices, none of which has missed commits, or not at all") {
    check_refused(EditedFilesystem(mirrored), "device 2 was not given", ErrorKind::refused, 1);
    check_refused(
        with_super(mirrored, [](auto& super) { super.generation = super.generation - (super.dev_item.devid == 2); }),
        "device 2 (device2) has missed commits");
    EditedFilesystem torn(mirrored);
    REQUIRE(torn.writable().at(1)->write(btrfs::superblock_offsets.front(), std::vector<std::byte>(4096)));
    check_refused(torn, "the first superblock of device 1 is bad");
}

TEST_CASE("What a kernel has begun and will go on with is left to it") {
    check_refused(with_item(btrfs::root_tree_id, {btrfs::balance_objectid, type::temporary_item, 0},
                            as_bytes_of(btrfs::BalanceItem{})),
                  "a balance was begun");
    auto roots = EditedFilesystem().items(btrfs::root_tree_id);
    const auto root = item_of_type(roots, type::root_item);
    check_refused(with_item(btrfs::root_tree_id, {btrfs::tree_reloc_id, type::root_item, btrfs::fs_tree_id}, root.data),
                  "a balance was begun");
    for (const u64 state : {1, 4}) {
        const btrfs::DevReplaceItem replacement = {.replace_state = state};
        check_refused(with_item(btrfs::dev_tree_id, {0, type::dev_replace, 0}, as_bytes_of(replacement)),
                      "a device replacement was begun");
    }
}

TEST_CASE("What is recorded of space is not built upon where it contradicts what extents have") {
    for (const u64 kind : {btrfs::block_group_data, btrfs::block_group_metadata}) {
        CAPTURE(kind);
        EditedFilesystem filesystem;
        u64 group_start = 0;
        filesystem.edit(btrfs::block_group_tree_id, [&](auto& items) {
            for (auto& item : items) {
                edit_body<btrfs::BlockGroupItem>(item, [&](auto& group) {
                    if ((group.flags & kind) != 0) {
                        group.used = group.used - 4096;
                        group_start = item.key.objectid;
                    }
                });
            }
        });
        check_refused(filesystem, fmt::format("block group {}: says ", group_start), ErrorKind::damaged);
    }
}

TEST_CASE("What the free space tree has is not built upon where it contradicts what extents have") {
    EditedFilesystem filesystem;
    filesystem.edit(btrfs::free_space_tree_id, [](auto& items) {
        for (auto& item : items) {
            if (item.key.type == type::free_space_extent && item.key.offset > 4096) {
                item.key.objectid += 4096;
                item.key.offset -= 4096;
            }
        }
    });
    check_refused(filesystem, "the free space tree and the extent tree disagree", ErrorKind::damaged);
}

} // namespace transaction_refusals_test
