// SPDX-License-Identifier: MIT
#include "libfs/txn/may_be_written.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/tree/tree_search.h"
#include "libfs/volume/only_read.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

std::unexpected<Error> refused(std::string why) {
    return fail(ErrorKind::refused, "not changed: " + std::move(why));
}

Result<void> check_features(const Geometry& geometry) {
    if (geometry.has_incompat(btrfs::incompat_raid_stripe_tree)) {
        return refused("a raid stripe tree can only be read");
    }
    if (geometry.has_block_group_tree() && !geometry.has_valid_free_space_tree()) {
        return refused("its free space tree is marked invalid");
    }
    return {};
}

Result<void> check_state(const btrfs::Superblock& super, const WriteExceptions& exceptions) {
    if (!exceptions.may_be_seed && (super.flags & btrfs::super_flag_seeding) != 0) {
        return refused("it is a seed, which others may stand on");
    }
    if (!exceptions.may_have_log && super.log_root != 0) {
        return refused("a log waits to be replayed, which would be lost; btrkit-check --repair --replay-log does it, "
                       "or mount it once and unmount it");
    }
    return {};
}

Result<void> check_devices(const Filesystem& filesystem) {
    if (!filesystem.geometry().seed_fsids.empty()) {
        return refused("it stands on a seed; remove the seed device first (btrfs device remove)");
    }
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device == nullptr) {
            return refused(fmt::format("device {} was not given; name it with --member", devid));
        }
        if (member.stale) {
            return refused(fmt::format("device {} ({}) has missed commits; run btrkit-scrub --repair first", devid,
                                       printable(member.device->name())));
        }
        if (member.super_mirror != 0) {
            return refused(
                fmt::format("the first superblock of device {} is bad; run btrkit-scrub --repair first", devid));
        }
    }
    return {};
}

/// A kernel has begun it and will go on with it.
Result<void> check_replacement(const Filesystem& filesystem, bool may_lack_device_tree) {
    BlockCache cache(filesystem.reader(), 0);
    BTRKIT_TRY_ASSIGN(const auto devices, filesystem.find_tree(btrfs::dev_tree_id));
    TreeSearch search(cache, devices.block);
    const auto has_replace = search.find({0, type::dev_replace, 0});
    if (!has_replace && has_replace.error().kind == ErrorKind::damaged && may_lack_device_tree) {
        return {};
    }
    BTRKIT_TRY(has_replace);
    if (*has_replace) {
        constexpr u64 started = 1;
        constexpr u64 suspended = 4;
        const auto* item = view_at<btrfs::DevReplaceItem>(search.data());
        if (item == nullptr || item->replace_state == started || item->replace_state == suspended) {
            return refused("a device replacement was begun and not finished; mount it to let it finish");
        }
    }
    return {};
}

/// The same of a balance.
Result<void> check_balance(const Filesystem& filesystem) {
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch roots(cache, filesystem.root_tree().block);
    const auto is_there = [&](const btrfs::Key& first) -> Result<bool> {
        BTRKIT_TRY_ASSIGN(const bool found, roots.seek(first));
        return found && roots.key().objectid == first.objectid && roots.key().type == first.type;
    };
    BTRKIT_TRY_ASSIGN(const bool has_balance, is_there({btrfs::balance_objectid, type::temporary_item, 0}));
    BTRKIT_TRY_ASSIGN(const bool has_reloc, is_there({btrfs::tree_reloc_id, type::root_item, 0}));
    if (has_balance || has_reloc) {
        return refused("a balance was begun and not finished; mount it to let it finish, or cancel it");
    }
    return {};
}

} // namespace

Result<void> may_be_written(const Filesystem& filesystem, const WriteExceptions& exceptions) {
    if (const auto why = why_only_read(filesystem.volume(), exceptions.may_be_dump)) {
        return refused(*why);
    }
    BTRKIT_TRY(check_features(filesystem.geometry()));
    BTRKIT_TRY(check_state(filesystem.super(), exceptions));
    BTRKIT_TRY(check_devices(filesystem));
    BTRKIT_TRY(check_balance(filesystem));
    return check_replacement(filesystem, exceptions.may_lack_device_tree);
}

} // namespace btrkit
