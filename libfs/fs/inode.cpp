// SPDX-License-Identifier: MIT
#include "libfs/fs/inode.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/item_range.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

Time parse_time(const btrfs::Timespec& time) {
    return {.sec = static_cast<std::int64_t>(u64{time.sec}), .nsec = time.nsec};
}

u32 Inode::type() const {
    return mode & S_IFMT;
}

Inode parse_inode(u64 number, const btrfs::InodeItem& item) {
    return {.number = number,
            .generation = item.generation,
            .transid = item.transid,
            .size = item.size,
            .nbytes = item.nbytes,
            .nlink = item.nlink,
            .uid = item.uid,
            .gid = item.gid,
            .mode = item.mode,
            .device_major = static_cast<u32>(item.rdev >> btrfs::rdev_minor_bits),
            .device_minor = static_cast<u32>(item.rdev & ((u64{1} << btrfs::rdev_minor_bits) - 1)),
            .flags = item.flags,
            .sequence = item.sequence,
            .atime = parse_time(item.atime),
            .ctime = parse_time(item.ctime),
            .mtime = parse_time(item.mtime),
            .otime = parse_time(item.otime)};
}

btrfs::FileType file_type_of(u32 mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return btrfs::FileType::regular;
    case S_IFDIR: return btrfs::FileType::directory;
    case S_IFCHR: return btrfs::FileType::character_device;
    case S_IFBLK: return btrfs::FileType::block_device;
    case S_IFIFO: return btrfs::FileType::fifo;
    case S_IFSOCK: return btrfs::FileType::socket;
    case S_IFLNK: return btrfs::FileType::symlink;
    default: return btrfs::FileType::unknown;
    }
}

Result<Inode> read_inode(const Filesystem& filesystem, const InodePlace& place) {
    const btrfs::Key key{place.inode, btrfs::item_type::inode_item, 0};
    ItemRange items(filesystem.reader(), place.tree.block, KeyRange::through(key, key));
    BTRKIT_TRY_ASSIGN(const auto there, items.next());
    if (!there) {
        return fail(ErrorKind::not_found,
                    fmt::format("no inode {} in tree {}", place.inode, objectid_text(place.tree.id)));
    }
    const auto* item = view_at<btrfs::InodeItem>(items.data());
    if (item == nullptr) {
        return std::unexpected(item_error(ProblemCode::item_size, place.tree.id, key, "too short for an inode"));
    }
    return parse_inode(place.inode, *item);
}

} // namespace btrkit
