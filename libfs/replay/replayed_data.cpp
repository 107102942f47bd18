// SPDX-License-Identifier: MIT
#include "libfs/replay/replayed_data.h"

#include "formats/btrfs/item_types.h"
#include "libfs/replay/logged_csums.h"

#include <sys/stat.h>

namespace btrkit::replay {

namespace {

namespace type = btrfs::item_type;

/// Where an extent ends in the file, and what follows begins.
u64 sectors_end(const FileExtent& extent, u32 sectorsize) {
    return extent.offset + round_up(extent.length, sectorsize);
}

/// What becomes of an inode that was there before. One whose generation the log has as 0 was logged only so that it is
/// there: of a file that had been synced before, its size counts.
btrfs::InodeItem merged(const btrfs::InodeItem& old, const btrfs::InodeItem& logged) {
    const bool is_whole = logged.generation != 0;
    btrfs::InodeItem result = is_whole ? logged : old;
    if (is_whole && S_ISDIR(logged.mode) && S_ISDIR(old.mode)) {
        result.size = old.size;
    } else if (!is_whole && S_ISREG(logged.mode) && S_ISREG(old.mode) && logged.size != 0) {
        result.size = logged.size;
    }
    result.nbytes = old.nbytes;
    return result;
}

btrfs::InodeItem born(const btrfs::InodeItem& logged, u64 generation) {
    btrfs::InodeItem result = logged;
    result.nbytes = 0;
    if (S_ISDIR(logged.mode)) {
        result.size = 0;
    }
    if (logged.generation == 0) {
        result.generation = generation;
    }
    return result;
}

} // namespace

Result<void> ReplayedData::drop(u64 inode, Range range) {
    FileExtentItems items(*tree_, id_, transaction_->geometry(), inode);
    BTRKIT_TRY(items.drop(range));
    resized_.insert(inode);
    return {};
}

Result<void> ReplayedData::remove_other_xattrs(u64 inode) {
    btrfs::Key from = {inode, type::xattr_item, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto found, tree_->first_from(from));
        if (!found || found->key.objectid != inode || found->key.type != type::xattr_item) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const auto logged, log_->find(found->key));
        if (!logged) {
            BTRKIT_TRY(tree_->erase(found->key));
        }
        from = btrfs::next_key(found->key);
    }
}

Result<void> ReplayedData::put_inode(const BufferedItem& item) {
    const u64 inode = item.key.objectid;
    const auto* logged = view_at<btrfs::InodeItem>(item.body);
    if (logged == nullptr) {
        return fail(ErrorKind::damaged, "an inode of the log is cut short");
    }
    BTRKIT_TRY(remove_other_xattrs(inode));
    BTRKIT_TRY_ASSIGN(const auto there, tree_->find(item.key));
    const auto* old = there ? view_at<btrfs::InodeItem>(there->body) : nullptr;
    const auto result = old != nullptr ? merged(*old, *logged) : born(*logged, transaction_->generation());
    tree_->put(item.key, as_bytes_of(result));
    if (S_ISREG(result.mode)) {
        const u64 end = round_up(result.size, transaction_->geometry().sectorsize);
        BTRKIT_TRY(drop(inode, {end, std::max(end, file_offset_end)}));
    }
    return {};
}

/// Whether the extent tree has it, or this run has brought it there.
Result<bool> ReplayedData::is_recorded(Range extent) {
    if (adopted_->contains(extent)) {
        return true;
    }
    BTRKIT_TRY_ASSIGN(auto* extents, transaction_->tree(btrfs::extent_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, extents->find({extent.start, type::extent_item, extent.length()}));
    return item.has_value();
}

Result<void> ReplayedData::put_extent(const BufferedItem& item) {
    const u64 inode = item.key.objectid;
    const auto& geometry = transaction_->geometry();
    BTRKIT_TRY_ASSIGN(const auto extent, parse_file_extent(id_, item.key, item.body, geometry.sectorsize));
    BTRKIT_TRY_ASSIGN(const auto there, tree_->find(item.key));
    if (!there || !std::ranges::equal(there->body, item.body)) {
        BTRKIT_TRY(drop(inode, {extent.offset, sectors_end(extent, geometry.sectorsize)}));
        tree_->put(item.key, item.body);
    }
    resized_.insert(inode);
    const bool is_on_disk = extent.kind == ExtentKind::regular || extent.kind == ExtentKind::prealloc;
    if (!is_on_disk) {
        return {};
    }
    const Range on_disk = range_from(extent.disk.bytenr, extent.disk_num_bytes);
    BTRKIT_TRY_ASSIGN(const bool is_known, is_recorded(on_disk));
    if (!is_known) {
        BTRKIT_TRY(transaction_->adopt_data(id_, on_disk));
        adopted_->insert(on_disk);
    }
    const Range used =
        extent.is_compressed() ? on_disk : range_from(on_disk.start + extent.offset_in_extent, extent.length);
    return extent.kind == ExtentKind::regular ? put_csums(used) : Result<void>{};
}

Result<void> ReplayedData::put_csums(Range bytes) {
    BTRKIT_TRY_ASSIGN(auto* csums, transaction_->tree(btrfs::csum_tree_id));
    return put_logged_csums(*log_, *csums, transaction_->geometry(), bytes);
}

Result<u64> ReplayedData::count_bytes(u64 inode) {
    FileExtentItems items(*tree_, id_, transaction_->geometry(), inode);
    u64 bytes = 0;
    u64 at = 0;
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto extent, items.first_beyond(at));
        if (!extent) {
            return bytes;
        }
        bytes += counted_bytes(*extent);
        at = sectors_end(*extent, transaction_->geometry().sectorsize);
    }
}

Result<void> ReplayedData::settle() {
    for (const u64 inode : resized_) {
        BTRKIT_TRY_ASSIGN(auto item, tree_->find({inode, type::inode_item, 0}));
        if (item && item->body.size() >= sizeof(btrfs::InodeItem)) {
            BTRKIT_TRY_ASSIGN(const u64 bytes, count_bytes(inode));
            reinterpret_cast<btrfs::InodeItem*>(item->body.data())->nbytes = bytes;
            tree_->put(item->key, item->body);
        }
    }
    resized_.clear();
    return {};
}

} // namespace btrkit::replay
